// Opens WebSockets over TLS to 127.0.0.1 and holds them, by npm's `ws` or by node:tls with an upgrade of its own.
//
//   node --expose-gc client.mjs HOW PORT CA LEVELS WINDOW    HOW is `ws` or `tls`; levels ascending, with commas between
//
// At each level it prints {open, wallSeconds, cpuSeconds} since it began, and goes on when it reads a line.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, createSecureContext } from 'node:tls';
import WebSocket from 'ws';

const [, , how, port, caPath, levels, window] = process.argv;
const ca = readFileSync(caPath);
const held = [];
const began = { atMs: performance.now(), cpu: process.cpuUsage() };

const openers = {
  ws: (opened) => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/`, { ca, perMessageDeflate: false });
    socket.once('open', () => opened(socket));
    socket.on('error', fail);
  },
  tls: (opened) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca, secureContext: context });
    socket.once('secureConnect', () => socket.write(UPGRADE));
    socket.once('data', () => opened(socket));
    socket.on('error', fail);
  },
};
const context = createSecureContext({ ca });
const UPGRADE = [
  ...['GET / HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '\r\n'],
].join('\r\n');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (const level of levels.split(',').map(Number)) {
  await openUpTo(level);
  const { user, system } = process.cpuUsage(began.cpu);
  const wallSeconds = (performance.now() - began.atMs) / 1000;
  globalThis.gc?.();
  globalThis.gc?.();
  process.stdout.write(`${JSON.stringify({ open: held.length, wallSeconds, cpuSeconds: (user + system) / 1e6 })}\n`);
  if ((await lines.next()).done) break;
}
process.exit(0);

function openUpTo(level) {
  return new Promise((resolve) => {
    let begun = held.length;
    const next = () => {
      if (begun >= level) return;
      begun += 1;
      openers[how]((socket) => {
        held.push(socket);
        if (held.length === level) resolve();
        else next();
      });
    };
    for (let i = 0; i < Number(window); i++) next();
  });
}

function fail(error) {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
