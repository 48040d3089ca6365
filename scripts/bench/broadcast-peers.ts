import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerReady } from '../../core/schemas/admin.ts';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { readProcessTree } from '../../memory/process-tree.ts';
import { findGeneratorFile, installK6 } from '../generators/install.ts';
import type { BenchPart } from './benchmark.ts';
import { broadcastRun } from './broadcast.ts';
import { CONNRIG } from './rig-run.ts';

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

/** The reference server in a process of its own. */
interface RoomServer {
  readonly pid: number;
  /** Where connections are in a room, and where that is published to. */
  readonly room: string;
  readonly publishAt: string;
  readonly metricsAt: string;
}

async function withServer(measure: (server: RoomServer) => Promise<number>): Promise<number> {
  const args = [
    'serve',
    '--protocol',
    'ws',
    '--ws-port',
    'auto',
    '--admin-port',
    'auto',
    '--json',
    '--until-stdin-ends',
  ];
  const child = spawn(process.execPath, [CONNRIG, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { urls, admin } = ServerReady.parse(JSON.parse(line));
    const url = urls.find((one) => one.startsWith('ws:'))!;
    const ends = { publishAt: `${admin}/publish?room=a`, metricsAt: `${admin}/metrics` };
    return await measure({ pid: child.pid!, room: `${url}/rooms/a`, ...ends });
  } finally {
    child.kill();
    await exited;
  }
}

async function openAt({ metricsAt }: RoomServer): Promise<number> {
  const text = await (await fetch(metricsAt)).text();
  return Number(/^connrig_server_connections_open\{protocol="ws"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function byRig(server: RoomServer): Promise<number> {
  const plan = ['--connections', String(SUBSCRIBERS), '--levels', '1', '--rate', '5k/s'];
  const behaviour = ['--behaviour', `broadcast:${1000 / EVERY_MS}/s:256B:60s`, '--publish', `POST ${server.publishAt}`];
  const talk = ['--talk', `${(MESSAGES * EVERY_MS) / 1000}s`, '--pid', String(server.pid)];
  const { stretches, cpuMicros } = await broadcastRun(server.room, ...plan, ...behaviour, ...talk);
  return cpuMicros.at(-1)! / stretches.at(-1)!.reached;
}

async function byK6(k6: string, server: RoomServer): Promise<number> {
  const args = ['--no-usage-report', '--quiet', '--summary-mode', 'disabled', '--no-thresholds', '--address', ''];
  const env = { ...process.env, TARGET: server.room, COUNT: String(SUBSCRIBERS), WINDOW: '256', RECEIVES: '1' };
  const child = spawn(k6, ['run', ...args, findGeneratorFile('k6.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const cpuSeconds = async (): Promise<number> => (await readProcessTree([child.pid!])).cpuSeconds;
  try {
    const startedAtMs = performance.now();
    while ((await openAt(server)) < SUBSCRIBERS) {
      if (child.exitCode !== null) throw new Error(`k6 ended with ${child.exitCode}`);
      if (performance.now() - startedAtMs > OPEN_TIMEOUT_MS) throw new Error(`k6 did not open ${SUBSCRIBERS}`);
      await delay(LOOK_EVERY_MS);
    }
    await delay(REST_MS);
    const atRest = await cpuSeconds();
    await delay(REST_MS);
    const before = await cpuSeconds();
    for (let i = 0; i < MESSAGES; i++) {
      await fetch(server.publishAt, { method: 'POST', body: 'x'.repeat(256) });
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
