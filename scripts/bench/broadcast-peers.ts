import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { readProcessTree } from '../../memory/process-tree.ts';
import { type ServeProcess, startServe } from '../../test/support/serve-process.ts';
import { findGeneratorFile, installK6 } from '../generators/install.ts';
import type { BenchPart } from './benchmark.ts';
import { broadcastRun } from './broadcast.ts';

const SUBSCRIBERS = 10_000;
const ROUNDS = 3;
const MESSAGES = 20;
const EVERY_MS = 500;
const MOST_SHARE = 0.3;
const OPEN_TIMEOUT_MS = 120_000;
const LOOK_EVERY_MS = 100;
/** What a tool does by itself is looked at for so long, and taken off. */
const REST_MS = 5000;

/** What one delivery takes of a client: of ours, and of k6. */
export const broadcastBesideK6: BenchPart = {
  name: 'broadcast-beside-k6',
  method: `${humanCount(SUBSCRIBERS)} WebSockets in a room of the reference server; 256 B are published to it ${1000 / EVERY_MS} times a second by \`POST /publish\`. By turns \`connrig run\` and k6, a fresh server each, ${ROUNDS} rounds, medians. Processor time of the whole client, less what it takes at rest.`,
  onDemand: true,
  async measure() {
    const k6 = installK6();
    if ('skipped' in k6) throw new Error(k6.skipped);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await withServer(byRig));
      theirs.push(await withServer((server) => byK6(k6.path, server)));
      process.stderr.write(`round ${round + 1}: ${ours.at(-1)!.toFixed(1)} against ${theirs.at(-1)!.toFixed(1)} µs\n`);
    }
    const [our, their] = [median(ours), median(theirs)];
    return [
      {
        what: 'processor time for each delivery',
        value: `${our.toFixed(1)} µs against ${their.toFixed(1)} µs: ${(our / their).toFixed(2)} ×`,
        target: `≤ ${MOST_SHARE} ×`,
        holds: our / their <= MOST_SHARE,
      },
    ];
  },
};

async function withServer(measure: (server: ServeProcess) => Promise<number>): Promise<number> {
  const server = await startServe(['--protocol', 'ws']);
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

const roomOf = ({ ports }: ServeProcess): string => `ws://127.0.0.1:${ports.ws}/rooms/a`;
const publishAt = ({ ready }: ServeProcess): string => `${ready.admin}/publish?room=a`;

async function byRig(server: ServeProcess): Promise<number> {
  const plan = ['--connections', String(SUBSCRIBERS), '--levels', '1', '--rate', '5k/s'];
  const behaviour = [
    '--behaviour',
    `broadcast:${1000 / EVERY_MS}/s:256B:60s`,
    '--publish',
    `POST ${publishAt(server)}`,
  ];
  const talk = ['--talk', `${(MESSAGES * EVERY_MS) / 1000}s`, '--pid', String(server.child.pid)];
  const { stretches, cpuMicros } = await broadcastRun(roomOf(server), ...plan, ...behaviour, ...talk);
  return cpuMicros.at(-1)! / stretches.at(-1)!.reached;
}

async function byK6(k6: string, server: ServeProcess): Promise<number> {
  const args = ['--no-usage-report', '--quiet', '--summary-mode', 'disabled', '--no-thresholds', '--address', ''];
  const env = { ...process.env, TARGET: roomOf(server), COUNT: String(SUBSCRIBERS), WINDOW: '256', RECEIVES: '1' };
  const child = spawn(k6, ['run', ...args, findGeneratorFile('k6.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const cpuSeconds = async (): Promise<number> => (await readProcessTree([child.pid!])).cpuSeconds;
  try {
    const startedAtMs = performance.now();
    while (((await server.metric('connrig_server_connections_open{protocol="ws"}')) ?? 0) < SUBSCRIBERS) {
      if (child.exitCode !== null) throw new Error(`k6 ended with ${child.exitCode}`);
      if (performance.now() - startedAtMs > OPEN_TIMEOUT_MS) throw new Error(`k6 did not open ${SUBSCRIBERS}`);
      await delay(LOOK_EVERY_MS);
    }
    await delay(REST_MS);
    const atRest = await cpuSeconds();
    await delay(REST_MS);
    const before = await cpuSeconds();
    for (let i = 0; i < MESSAGES; i++) {
      await fetch(publishAt(server), { method: 'POST', body: 'x'.repeat(256) });
      await delay(EVERY_MS);
    }
    // Those that lag behind come meanwhile.
    await delay(REST_MS);
    const after = await cpuSeconds();
    const tookMs = REST_MS + MESSAGES * EVERY_MS;
    return ((after - before - ((before - atRest) * tookMs) / REST_MS) * 1e6) / (MESSAGES * SUBSCRIBERS);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}
