import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VanishEpisode } from '../../core/schemas/record.ts';
import { humanCount, humanMs } from '../../core/values/units.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';
import { untilListening } from './until-listening.ts';

const SERVER = fileURLToPath(new URL('../../test/support/notice-process.js', import.meta.url));
const PEERS = 10_000;
const EVERY_MS = 5000;
const PATIENCE_MS = 10_000;
const NEVER_MS = 10_000;
const ALLOWED_MS = 200;

export const vanishBench: BenchPart = {
  name: 'vanish',
  method: `${humanCount(PEERS)} \`ws\` vanish at once (\`--behaviour vanish:100%\`) from a server that pings each ${humanMs(EVERY_MS)} and drops after ${humanMs(PATIENCE_MS)} without a pong. Notice times of the run are held against the server's own log, each rank against the same rank. The same of a server that never notices.`,
  async measure() {
    const noticed = await carriedOut('ping', 60_000);
    const never = await carriedOut('never', NEVER_MS);
    return [...noticedFigures(noticed), ...neverFigures(never)];
  },
};

interface Carried {
  readonly episode: VanishEpisode;
  /** What the server's log makes of it, ascending. */
  readonly ownMs: readonly number[];
  readonly failures: number;
}

async function carriedOut(way: 'ping' | 'never', forMs: number): Promise<Carried> {
  const folder = await mkdtemp(join(tmpdir(), 'connrig-vanish-'));
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const server = spawn(process.execPath, [SERVER, `${EVERY_MS}`, `${PATIENCE_MS}`, way, `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await untilListening(port);
    const summary = await summaryOfRun(
      ...[`ws://127.0.0.1:${port}`, '--pid', `${server.pid}`, '--out', join(folder, 'run')],
      ...['--connections', `${PEERS}`, '--levels', '1', '--rate', '5k/s'],
      ...['--behaviour', 'vanish:100%', '--vanish-for', `${forMs}ms`],
    );
    const { run, samples } = readRun(join(folder, 'run'));
    const episode = samples.find((sample) => sample.type === 'vanish');
    if (!episode) throw new Error(`nothing vanished: ${JSON.stringify(summary.error)}`);
    const goneAtMs = Date.parse(run.startedAt) + episode.vanishedAtMs[0];
    const own = (await logOf(server)).map(({ atMs }) => atMs - goneAtMs);
    const [leg] = summary.legs;
    return {
      episode,
      ownMs: own.filter((ms) => ms > 0 && ms <= episode.waitedMs + ALLOWED_MS).sort((a, b) => a - b),
      failures: (leg?.attempts ?? 0) - (leg?.outcomes.open ?? 0),
    };
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
}

async function logOf(server: ChildProcess): Promise<Array<{ readonly atMs: number }>> {
  let text = '';
  server.stdout!.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  server.kill('SIGTERM');
  await once(server, 'close');
  return JSON.parse(text) as Array<{ readonly atMs: number }>;
}

function noticedFigures({ episode, ownMs, failures }: Carried): Figure[] {
  const { noticeMs, noticed, precisionMs, looks, lookMs, most, notices } = episode;
  const nth = (i: number): number => ownMs[Math.round((i * (ownMs.length - 1)) / (noticeMs.length - 1))] ?? Number.NaN;
  const off = Math.max(...noticeMs.map((ms, i) => Math.abs(ms - nth(i))));
  return [
    {
      what: 'vanished, and let go of',
      value: humanCount(noticed),
      target: humanCount(PEERS),
      holds: noticed === PEERS,
    },
    {
      what: "the same by the server's log",
      value: humanCount(ownMs.length),
      target: '',
      holds: ownMs.length === PEERS,
    },
    {
      what: 'noticed by its pings',
      value: humanCount(notices?.ping ?? 0),
      target: humanCount(PEERS),
      holds: notices?.ping === PEERS,
    },
    {
      what: 'first, and last',
      value: `${humanMs(noticeMs[0] ?? 0)}, ${humanMs(noticeMs.at(-1) ?? 0)}`,
      target: '',
      holds: true,
    },
    {
      what: "notice times off the server's log, at most",
      value: humanMs(off),
      target: `≤ ${humanMs(ALLOWED_MS)}`,
      holds: off <= ALLOWED_MS,
    },
    { what: 'between two looks, at most', value: humanMs(precisionMs), target: '', holds: true },
    { what: 'one look, of', value: `${humanMs(lookMs)}, ${humanCount(looks)}`, target: '', holds: true },
    {
      what: 'not acknowledged, at most',
      value: `${humanCount(most.unackedBytes ?? 0)} B, which take ${humanCount(most.unackedMemoryBytes ?? 0)} B`,
      target: '',
      holds: true,
    },
    { what: 'attempts that failed', value: humanCount(failures), target: '0', holds: failures === 0 },
  ];
}

const neverFigures = ({ episode }: Carried): Figure[] => [
  {
    what: `of a server that never notices: let go of within ${humanMs(NEVER_MS)}`,
    value: humanCount(episode.noticed),
    target: '0',
    holds: episode.noticed === 0 && episode.vanished === PEERS,
  },
];
