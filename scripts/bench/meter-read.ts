import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startBuiltinTarget } from '../../client/launch/builtin.ts';
import { readSnapshot } from '../../client/preflight/snapshot.ts';
import type { Readings } from '../../core/schemas/readings.ts';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { layoutFleet } from '../../fleet/local/layout.ts';
import { type Meters, openMeters } from '../../memory/meter-set.ts';
import { readSockstat } from '../../memory/sockstat.ts';
import type { BenchPart, Figure } from './benchmark.ts';

/** Both ends are on this machine: a million sockets. */
const CONNECTIONS = 500_000;
const PROCESSES = 1000;
const READS = 30;
/** As far apart as those of a hold, which waits for memory to come to rest. */
const PAUSE_MS = 250;
const MOST_MS = 250;
/** What a process of the server keeps back of its descriptors, on the high side. */
const SERVER_RESERVE = 128;
const OPEN_WITHIN_MS = 600_000;

export const meterRead: BenchPart = {
  name: 'meter-read',
  method: `All meters, ${READS} times: at a hold of ${humanCount(CONNECTIONS)} \`tcp\` connections to our own server on this machine, before and after a collection, and of a target with ${humanCount(PROCESSES)} processes.`,
  async measure() {
    return [...(await atAMillion()), ...(await ofManyProcesses())];
  },
};

async function atAMillion(): Promise<Figure[]> {
  const has = await readSnapshot();
  const processes = Math.ceil(CONNECTIONS / (Math.min(has.filesHard ?? CONNECTIONS, CONNECTIONS * 2) - SERVER_RESERVE));
  const program = [process.execPath, fileURLToPath(new URL('../../bin/main.js', import.meta.url))];
  const target = await startBuiltinTarget(
    program,
    { protocol: 'tcp', transport: 'plain', family: 'inet', perMessageDeflate: 'off' },
    processes,
  );
  try {
    const { ports } = target.url;
    const layout = layoutFleet({
      engine: 'epoll',
      connections: CONNECTIONS,
      destinations: ports.length,
      loopback: true,
      workers: undefined,
      sources: undefined,
      descriptorLimit: has.filesHard,
      ephemeralPorts: has.portRange,
      cores: has.cores,
    });
    const fleet = await startFleet(
      {
        threadEntry: new URL('../../client/conductor/fleet-thread.js', import.meta.url),
        layout,
        protocol: { name: 'tcp', path: '/', hostHeader: '' },
        capacity: CONNECTIONS,
        window: 512,
        closeWindow: 4096,
        openTimeoutMs: 30_000,
        closeTimeoutMs: 5000,
        destinations: ports.map((port) => ({ ip: '127.0.0.1', port })),
        close: 'reset',
        behaviour: { kind: 'idle' },
      },
      {
        onTrouble() {},
        onAgreed() {},
        onDefect(error) {
          throw error;
        },
      },
    );
    try {
      const { adminUrl, adminToken, pid } = target;
      const meters = openMeters({
        pids: [pid!],
        adminUrl: adminUrl ?? undefined,
        adminToken: adminToken ?? undefined,
        ports: target.url.ports,
        clientPid: process.pid,
      });
      await fillUp(fleet, meters);
      const sockets = (await readSockstat())?.tcpAlloc ?? 0;
      const before = await readOften(meters);
      await meters.read({ gc: true });
      const after = await readOften(meters);
      const { meterMs } = await meters.read({ list: true });
      return [
        { what: 'TCP sockets on this machine', value: humanCount(sockets), target: '', holds: sockets >= 1e6 },
        ...timesOf('a reading', before),
        ...slowestOf(before),
        ...timesOf('a reading after a collection', after),
        plain('to list the connections, after the reading', `${meterMs.established?.toFixed(0)} ms`),
      ];
    } finally {
      await fleet.stop();
    }
  } finally {
    await target.stop(true);
  }
}

/** Full at both ends: the kernel completes connections that a server has yet to accept. */
async function fillUp(fleet: Fleet, meters: Meters): Promise<void> {
  fleet.pursue(CONNECTIONS, 100_000);
  const deadline = performance.now() + OPEN_WITHIN_MS;
  const isFull = async (): Promise<boolean> =>
    fleet.tally().open === CONNECTIONS && (await meters.read()).runtime?.census?.tcp.open === CONNECTIONS;
  while (!(await isFull())) {
    if (performance.now() > deadline) throw new Error(`only ${fleet.tally().open} connections opened`);
    await delay(PAUSE_MS);
  }
}

async function ofManyProcesses(): Promise<Figure[]> {
  const script = `i=0; while [ $i -lt ${PROCESSES} ]; do sleep 1000 & i=$((i+1)); done; echo; wait`;
  const crowd = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  try {
    await once(crowd.stdout, 'data');
    const readings = await readOften(openMeters({ pids: [crowd.pid!], ports: [], clientPid: process.pid }));
    const ms = median(readings.map(({ tookMs }) => tookMs));
    return [plain(`a reading of ${humanCount(PROCESSES)} processes, median`, `${ms.toFixed(0)} ms`)];
  } finally {
    await endGroup(crowd);
  }
}

async function endGroup(leader: ChildProcess): Promise<void> {
  const gone = once(leader, 'exit');
  process.kill(-leader.pid!, 'SIGKILL');
  await gone;
}

async function readOften(meters: Meters): Promise<Readings[]> {
  const readings: Readings[] = [];
  for (let i = 0; i < READS; i++) {
    readings.push(await meters.read());
    await delay(PAUSE_MS);
  }
  return readings;
}

function timesOf(what: string, readings: readonly Readings[]): Figure[] {
  const times = readings.map(({ tookMs }) => tookMs);
  return (
    [
      ['median', median(times)],
      ['worst', Math.max(...times)],
    ] as const
  ).map(([which, ms]) => ({
    what: `${what}, ${which}`,
    value: `${ms.toFixed(0)} ms`,
    target: `< ${MOST_MS} ms`,
    holds: ms < MOST_MS,
  }));
}

/** The three meters that take the longest, medians. They run side by side, so they don't sum to the reading. */
function slowestOf(readings: readonly Readings[]): Figure[] {
  const names = Object.keys(readings[0]?.meterMs ?? {}) as (keyof Readings['meterMs'])[];
  return names
    .map((name) => ({ name, ms: median(readings.map(({ meterMs }) => meterMs[name] ?? 0)) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 3)
    .map(({ name, ms }) => plain(`of it, the meter "${name}"`, `${ms.toFixed(0)} ms`));
}

const plain = (what: string, value: string): Figure => ({ what, value, target: '', holds: true });
