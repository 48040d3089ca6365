import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { median, theilSen } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { installK6 } from '../generators/install.ts';
import { startCensusServer } from '../tls/census.ts';
import { climbByK6 } from '../tls/k6.ts';
import { newerOpenSsl, ourGroups } from '../tls/newer-openssl.ts';
import {
  type Chain,
  type ClientLevel,
  climbLevels,
  goClient,
  makeChain,
  nodeClient,
  type OtherClient,
  PEER_WINDOW,
  timeHandshakes,
} from '../tls/peers.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { rigRun, rigRunBy } from './rig-run.ts';

const ROUNDS = 5;
/** What starting up costs is below the first. */
const RAMP = [1000, 5000] as const;
const MEMORY = [4000, 8000, 12_000, 16_000, 19_500] as const;
/** Each takes some 40 or 90 KB of memory of theirs. */
const OTHERS_MEMORY = [1000, 2000, 3000, 4000, 5000] as const;

/** What an open costs a client, and how many it gets done. */
interface OpenCost {
  readonly micros: number;
  readonly perSecond: number;
}

export const tlsBench: BenchPart = {
  name: 'tls',
  method: `Full handshakes with an upgrade against one small server in Go (ECDSA P-256, a chain of two, verified). By turns: \`connrig run\`, \`openssl s_time -new\`, npm \`ws\`, node:tls, a Go client and k6. ${ROUNDS} rounds, medians; 128 at once, ${humanCount(RAMP[1] - RAMP[0])} opens. Memory: slopes over five levels, of ours up to ${humanCount(MEMORY.at(-1)!)}.`,
  async measure() {
    const chain = makeChain();
    try {
      return [...(await speedFigures(chain)), ...(await echoFigures()), ...(await memoryFigures(chain))];
    } finally {
      chain.remove();
    }
  },
};

async function speedFigures(chain: Chain): Promise<Figure[]> {
  const newer = newerNode();
  const newerLibrary = newerOpenSsl();
  const go = goClient();
  const k6 = installK6();
  const groups = ourGroups();
  const timed = async (port: number, env: NodeJS.ProcessEnv): Promise<OpenCost> => ({
    micros: timeHandshakes(port, chain.caPath, { ...groups, ...env }),
    perSecond: Number.NaN,
  });
  const contenders: Record<string, (port: number) => Promise<OpenCost>> = {
    ours: (port) => costOfOurs(process.execPath, port, chain.caPath),
    s_time: (port) => timed(port, {}),
    resumed: (port) => costOfOurs(process.execPath, port, chain.caPath, '--resume', 'on'),
    ws: (port) => costOf(nodeClient(process.execPath, 'ws'), port, chain.caPath),
    'node:tls': (port) => costOf(nodeClient(process.execPath, 'tls'), port, chain.caPath),
    Go: (port) => costOf(go, port, chain.caPath),
    ...(newer && {
      'ours, newer': (port: number) => costOfOurs(newer, port, chain.caPath),
      'ws, newer': (port: number) => costOf(nodeClient(newer, 'ws'), port, chain.caPath),
    }),
    ...(newerLibrary && { 's_time, newer': (port: number) => timed(port, newerLibrary) }),
    ...('path' in k6 && { k6: async () => costBetween(await climbByK6(k6.path, chain, RAMP, PEER_WINDOW)) }),
  };
  const costs = new Map<string, OpenCost[]>(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, measure] of Object.entries(contenders)) {
      const server = await startCensusServer(chain);
      try {
        const cost = await measure(server.port);
        costs.get(name)!.push(cost);
        process.stderr.write(`round ${round + 1}, ${name}: ${JSON.stringify(cost)}\n`);
      } finally {
        await server.stop();
      }
    }
  }
  const micros = (name: string): number => median(costs.get(name)!.map((cost) => cost.micros));
  const rate = (name: string): number => median(costs.get(name)!.map(({ perSecond }) => perSecond));
  const all = [...costs.keys()].map((name): Figure => {
    const opens = Number.isNaN(rate(name)) ? '' : `, ${humanCount(rate(name))} opens/s`;
    return {
      what: `${name}: processor time of an open`,
      value: `${humanCount(micros(name))} µs${opens}`,
      target: '',
      holds: true,
    };
  });
  return [
    ...all,
    atMost('full, to openssl s_time', micros('ours') / micros('s_time'), 1.15),
    atMost('full, to npm ws', micros('ours') / micros('ws'), 0.4),
    atMost('resumed, to full', micros('resumed') / micros('ours'), 0.6),
    atLeast('opens per second, to npm ws', rate('ours') / rate('ws'), 2.5),
    ...(newer && newerLibrary
      ? [atMost('newer Node.js: full, to openssl s_time', micros('ours, newer') / micros('s_time, newer'), 1.15)]
      : []),
    ...(newer
      ? [
          atMost('newer Node.js: full, to npm ws', micros('ours, newer') / micros('ws, newer'), 0.4),
          atLeast('newer Node.js: opens per second, to npm ws', rate('ours, newer') / rate('ws, newer'), 2.5),
          atLeast('newer Node.js: opens per second, to a Go client', rate('ours, newer') / rate('Go'), 0.9),
        ]
      : []),
  ];
}

/** As tests keep it. */
function newerNode(): string | undefined {
  const home = join(homedir(), '.cache', 'connrig-tests', 'nodes');
  const version = existsSync(home) ? readdirSync(home).find((name) => name.startsWith('24.')) : undefined;
  return version && join(home, version, 'node_modules', 'node', 'bin', 'node');
}

async function costOfOurs(node: string, port: number, caPath: string, ...more: string[]): Promise<OpenCost> {
  const levels = ['--levels', RAMP.join(','), '--rate', '100k/s', '--window', '128', '--close', 'reset'];
  const target = [`wss://127.0.0.1:${port}`, '--ca', caPath, '--settle-timeout', '0s'];
  const { summary, cpuMicrosPerOpen } = await rigRunBy(node, ...target, ...levels, ...more);
  return { micros: cpuMicrosPerOpen[0]!, perSecond: summary.legs[0]!.open.ratePerSecond ?? Number.NaN };
}

const costOf = async (client: OtherClient, port: number, caPath: string): Promise<OpenCost> =>
  costBetween(await climbLevels(client, port, caPath, RAMP));

function costBetween(levels: readonly ClientLevel[]): OpenCost {
  const [low, high] = levels as [ClientLevel, ClientLevel];
  const opened = high.open - low.open;
  return {
    micros: ((high.cpuSeconds - low.cpuSeconds) / opened) * 1e6,
    perSecond: opened / (high.wallSeconds - low.wallSeconds),
  };
}

const ECHOES_PER_SECOND = 10_000;

/** Over a hundred connections, so that the keys of each are at hand. */
async function echoFigures(): Promise<Figure[]> {
  const micros: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const what = ['--behaviour', `echo:${ECHOES_PER_SECOND}/s:64B`, '--talk', '10s', '--settle-timeout', '0s'];
    const { talkCores } = await rigRun('--protocol', 'ws,wss', '--connections', '100', '--levels', '1', ...what);
    const [plain = Number.NaN, secured = Number.NaN] = talkCores.map((cores) => (cores / ECHOES_PER_SECOND) * 1e6);
    process.stderr.write(`round ${i + 1}, an echo: ws ${plain.toFixed(1)} µs, wss ${secured.toFixed(1)} µs\n`);
    micros.push(secured - plain);
  }
  const added = median(micros);
  return [
    { what: 'what TLS adds to an echo of 64 B', value: `${added.toFixed(1)} µs`, target: '≤ 5 µs', holds: added <= 5 },
  ];
}

async function memoryFigures(chain: Chain): Promise<Figure[]> {
  const ours = await oursBytes();
  const [ws, tls] = [await othersBytes(chain, 'ws'), await othersBytes(chain, 'tls')];
  const added = ours.wss - ours.ws;
  return [
    { what: 'client, a ws', value: `${humanCount(ours.ws)} B`, target: '', holds: true },
    { what: 'client, a wss', value: `${humanCount(ours.wss)} B`, target: '', holds: true },
    { what: 'what TLS adds to the client', value: `${humanCount(added)} B`, target: '≤ 300 B', holds: added <= 300 },
    atLeast('node:tls, to what TLS adds', tls / added, 130),
    atLeast('npm ws, to what TLS adds', ws / added, 280),
    { what: 'node:tls, a connection', value: `${humanCount(tls)} B`, target: '', holds: true },
    { what: 'npm ws, a connection', value: `${humanCount(ws)} B`, target: '', holds: true },
  ];
}

/** Against the reference server, which collects when it is asked. */
async function oursBytes(): Promise<{ ws: number; wss: number }> {
  const levels = ['--levels', MEMORY.join(','), '--settle-timeout', '0s'];
  const slope = async (protocol: string, rate: string): Promise<number> => {
    const { memory } = await rigRun('--protocol', protocol, '--rate', rate, ...levels);
    const points = memory.filter(({ phase }) => phase === 'hold');
    return (
      theilSen(
        points.map(({ level, readings }) => ({ open: level, bytes: readings.client?.anonBytes ?? Number.NaN })),
      ) ?? Number.NaN
    );
  };
  const rounds: Array<{ ws: number; wss: number }> = [];
  for (let i = 0; i < 3; i++) rounds.push({ ws: await slope('ws', '10k/s'), wss: await slope('wss', '800/s') });
  return { ws: median(rounds.map(({ ws }) => ws)), wss: median(rounds.map(({ wss }) => wss)) };
}

async function othersBytes(chain: Chain, how: 'ws' | 'tls'): Promise<number> {
  const server = await startCensusServer(chain);
  try {
    const levels = await climbLevels(nodeClient(process.execPath, how), server.port, chain.caPath, OTHERS_MEMORY);
    return theilSen(levels.map(({ open, anonBytes }) => ({ open, bytes: anonBytes }))) ?? Number.NaN;
  } finally {
    await server.stop();
  }
}

const atMost = (what: string, times: number, most: number): Figure => ({
  what,
  value: `${times.toFixed(2)} ×`,
  target: `≤ ${most} ×`,
  holds: times <= most,
});
const atLeast = (what: string, times: number, least: number): Figure => ({
  what,
  value: `${times.toPrecision(3)} ×`,
  target: `≥ ${least} ×`,
  holds: times >= least,
});
