/**
 * `npm run under-load -- dashboards`: the same as `npm test -- dashboards`, beside other work: busy loops on every core, a program
 * that takes memory and gives it back, and one that opens and closes connections on loopback. A test that fails here, and only
 * here, expects something of a moment, a rate or a free core.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const BUSY = 'for (;;);';
/** 1 GiB, touched, for a second; then none for a second. */
const MEMORY = `
  let held;
  setInterval(() => { held = held ? undefined : Buffer.alloc(2 ** 30, 1); }, 1000);
`;
/** 200 connections to itself, all at once, again and again. */
const NETWORK = `
  const net = require('node:net');
  const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1', round);
  function round() {
    const open = Array.from({ length: 200 }, () => net.connect(server.address().port, '127.0.0.1').on('error', () => {}));
    setTimeout(() => { for (const socket of open) socket.destroy(); round(); }, 500);
  }
`;

const neighbours = [...Array.from({ length: availableParallelism() }, () => BUSY), MEMORY, NETWORK].map((program) =>
  spawn(process.execPath, ['-e', program], { stdio: 'ignore' }),
);
const stop = (): void => {
  for (const one of neighbours) one.kill('SIGKILL');
};
process.on('exit', stop);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

await Promise.all(neighbours.map(started));
const tests = fileURLToPath(new URL('./test.js', import.meta.url));
const { status } = spawnSync(process.execPath, [tests, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
stop();

const failure = neighbours.find(({ exitCode }) => exitCode !== null);
if (failure) process.stderr.write('a neighbour ended before the tests: the load was less than it should have been\n');

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve).once('error', reject);
  });
}
