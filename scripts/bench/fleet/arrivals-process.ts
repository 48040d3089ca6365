/**
 * A server that tells when connections came and went, by one clock: `node arrivals-process.js <ip>`. Says its port on stdout, then lines of
 * JSON: `[1, ip, moment in ms]` for one that came, `[-1, …]` for one that went. They are written by turns, so that accepting is not held up.
 */
import { type AddressInfo, createServer } from 'node:net';

const BACKLOG = 4096;
const WRITE_EVERY_MS = 100;

const [, , ip = '127.0.0.1'] = process.argv;
let lines: string[] = [];
const note = (change: 1 | -1, from: string): void => {
  lines.push(JSON.stringify([change, from, performance.timeOrigin + performance.now()]));
};
const server = createServer((socket) => {
  const { remoteAddress = '' } = socket;
  note(1, remoteAddress);
  socket
    .on('error', () => {})
    .on('close', () => note(-1, remoteAddress))
    .resume();
}).listen(0, ip, BACKLOG, () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
setInterval(() => {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  lines = [];
}, WRITE_EVERY_MS);
