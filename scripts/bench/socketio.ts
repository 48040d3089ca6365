import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { type BuiltTarget, buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { shellCommand } from '../../lab/command.ts';
import { listTree } from '../../memory/process-tree.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart } from './benchmark.ts';
import { rigRun } from './rig-run.ts';
import { untilListening } from './until-listening.ts';

const ARTILLERY = 'artillery@2.0.34';
/** Compilation leaves it where it is. */
const SERVER = fileURLToPath(new URL('../../../test/dialects/servers/node-socketio', import.meta.url));
const ROUNDS = 3;
const CLIENTS = [500, 1000, 1500] as const;
const MOST = 1500;
const LEAST_TIMES_LESS = 40;
const LEAST_TIMES_FASTER = 4;
const LOOK_EVERY_MS = 100;

export const socketioBench: BenchPart = {
  name: 'socketio',
  method: `The same Socket.IO sign-in by \`connrig run --dialect socketio\` and by ${ARTILLERY}, against one Node.js server each, by turns, ${ROUNDS} rounds, medians. Opens: as many a second as each can, to ${humanCount(MOST)} clients. Memory: what one more client takes in the tool, by its own slope; of Artillery Pss between ${humanCount(CLIENTS[0])} and ${humanCount(MOST)} clients.`,
  async measure() {
    const source = findTarget(SERVER);
    if (typeof source === 'string') throw new Error(source);
    const signal = new AbortController().signal;
    const built = await buildTarget(source, {
      env: process.env,
      signal,
      onOutput: (text) => process.stderr.write(text),
    });
    const folder = mkdtempSync(join(tmpdir(), 'connrig-artillery-'));
    try {
      await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ARTILLERY], {
        cwd: folder,
      });
      const ours: Held[] = [];
      const theirs: Held[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await withServer(built, (port, pid) => byRig(port, pid)));
        theirs.push(await withServer(built, (port, _, count) => byArtillery(folder, port, count)));
      }
      return figuresOf(ours, theirs);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Held {
  readonly bytesPerClient: number;
  readonly opensPerSecond: number;
}

function figuresOf(ours: readonly Held[], theirs: readonly Held[]) {
  const of = (all: readonly Held[], what: keyof Held): number => median(all.map((held) => held[what]));
  const [bytes, theirBytes] = [of(ours, 'bytesPerClient'), of(theirs, 'bytesPerClient')];
  const [opens, theirOpens] = [of(ours, 'opensPerSecond'), of(theirs, 'opensPerSecond')];
  return [
    {
      what: 'memory of the tool for one more client',
      value: `${humanCount(bytes)} B against ${humanCount(theirBytes)} B of Artillery: ${(theirBytes / bytes).toFixed(0)} × less`,
      target: `≥ ${LEAST_TIMES_LESS} ×`,
      holds: theirBytes / bytes >= LEAST_TIMES_LESS,
    },
    {
      what: 'clients signed in per second',
      value: `${humanCount(opens)} against ${humanCount(theirOpens)}: ${(opens / theirOpens).toFixed(1)} ×`,
      target: `≥ ${LEAST_TIMES_FASTER} ×`,
      holds: opens / theirOpens >= LEAST_TIMES_FASTER,
    },
  ];
}

type Count = () => Promise<number>;

async function withServer(
  built: BuiltTarget,
  act: (port: number, pid: number, count: Count) => Promise<Held>,
): Promise<Held> {
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const server = spawn('/bin/sh', ['-c', shellCommand(built, [port])], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(server, 'exit');
  try {
    await untilListening(port);
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const count: Count = async () => {
      server.stdin.write('\n');
      return (JSON.parse((await lines.next()).value) as { clients: number }).clients;
    };
    return await act(port, server.pid!, count);
  } finally {
    process.kill(-server.pid!, 'SIGKILL');
    await ended;
  }
}

async function byRig(port: number, pid: number): Promise<Held> {
  const plan = ['--levels', [...CLIENTS, 3000, 6000].join(), '--rate', '20k/s', '--open-timeout', '60s'];
  const { summary } = await rigRun(`ws://127.0.0.1:${port}`, '--dialect', 'socketio', '--pid', String(pid), ...plan);
  return {
    bytesPerClient: summary.generator.bytesPerConnection ?? Number.NaN,
    opensPerSecond: summary.legs[0]?.open.ratePerSecond ?? Number.NaN,
  };
}

/** Each of its users connects to the main namespace, as the dialect does, and stays. */
async function byArtillery(folder: string, port: number, count: Count): Promise<Held> {
  const script = join(folder, 'script.json');
  writeFileSync(
    script,
    JSON.stringify({
      config: {
        target: `http://127.0.0.1:${port}`,
        phases: [{ duration: 1, arrivalCount: MOST }],
        socketio: { transports: ['websocket'] },
      },
      scenarios: [{ engine: 'socketio', flow: [{ think: 120 }] }],
    }),
  );
  const artillery = spawn(join(folder, 'node_modules/.bin/artillery'), ['run', '--quiet', script], {
    cwd: folder,
    env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true' },
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(artillery, 'exit');
  try {
    const points: Array<readonly [clients: number, bytes: number, atMs: number]> = [];
    for (let clients = 0; clients < MOST; await delay(LOOK_EVERY_MS)) {
      if (artillery.exitCode !== null) throw new Error(`artillery ended with ${artillery.exitCode}`);
      clients = await count();
      points.push([clients, pssOf(artillery), performance.now()]);
    }
    await delay(2000);
    const began = points.find(([clients]) => clients > 0)!;
    const low = points.find(([clients]) => clients >= CLIENTS[0])!;
    const [, , fullAtMs] = points.at(-1)!;
    return {
      bytesPerClient: (pssOf(artillery) - low[1]) / (MOST - low[0]),
      opensPerSecond: ((MOST - began[0]) * 1000) / (fullAtMs - began[2]),
    };
  } finally {
    process.kill(-artillery.pid!, 'SIGKILL');
    await ended;
  }
}

const pssOf = ({ pid }: ChildProcess): number =>
  listTree([pid!])
    .map((one) => /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'latin1'))?.[1])
    .reduce((sum, kib) => sum + Number(kib) * 1024, 0);
