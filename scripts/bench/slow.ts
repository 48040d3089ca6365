import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SlowSummary } from '../../core/schemas/slow.ts';
import { humanBytes, humanCount, humanMs } from '../../core/values/units.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';
import { untilListening } from './until-listening.ts';

/** Compilation leaves it where it is. */
const SERVER = fileURLToPath(new URL('../../../test/known-answer/slow-holder.py', import.meta.url));
const CONNECTIONS = 10_000;
/** What waits in the kernel for twice as many comes near to what this system lets TCP have in all (`tcp_mem`). */
const SLOW = 5000;
const HELD_BYTES = 65_536;
const EVERY_SECONDS = 0.5;
const SLOW_FOR = '60s';
const MOST_PERCENT = 3;
/** Looks are 250 ms apart, or twice what one takes. */
const ALLOWED_MS = 1000;

export const slowBench: BenchPart = {
  name: 'slow',
  method: `${humanCount(CONNECTIONS)} \`tcp\`, of which ${humanCount(SLOW)} read nothing for ${SLOW_FOR} (\`--behaviour slow:50%\`). The server sends 4 KiB each ${humanMs(EVERY_SECONDS * 1000)} to everybody and holds exactly ${humanBytes(HELD_BYTES)} in user space for each whose socket takes no more. What it knows itself, send queues by \`SIOCOUTQ\` too, against what the run says. The same of a server that resets them at that bound: when, against its own clock.`,
  async measure() {
    return [...heldFigures(await carriedOut('hold')), ...closedFigures(await carriedOut('close'))];
  },
};

/** What the server knew, when it held the most. */
interface Truth {
  readonly clients: number;
  readonly heldBytes: number;
  readonly queuedBytes: number;
  readonly closed: number;
  /** The first, the middle and the last one: seconds since 1970. */
  readonly closedAt: readonly number[];
}

interface Carried {
  readonly slow: SlowSummary;
  readonly truth: Truth;
  /** When they were told to read nothing, by the wall clock. */
  readonly begunAtMs: number;
  readonly failures: number;
  readonly losses: number;
}

async function carriedOut(mode: 'hold' | 'close'): Promise<Carried> {
  const folder = await mkdtemp(join(tmpdir(), 'connrig-slow-'));
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const words = [SERVER, port, HELD_BYTES, mode, join(folder, 'truth.json'), EVERY_SECONDS].map(String);
  const server = spawn('python3', words, { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    await untilListening(port);
    const summary = await summaryOfRun(
      ...[`tcp://127.0.0.1:${port}`, '--pid', `${server.pid}`, '--out', join(folder, 'run')],
      ...['--connections', `${CONNECTIONS}`, '--levels', '1', '--rate', '5k/s'],
      ...['--behaviour', `slow:${(100 * SLOW) / CONNECTIONS}%`, '--slow-for', SLOW_FOR],
    );
    const [leg] = summary.legs;
    if (!leg?.slow) throw new Error(`nobody read slowly: ${JSON.stringify(summary.error)}`);
    const { run, events } = readRun(join(folder, 'run'));
    const phase = events.find((event) => event.type === 'phase' && event.phase === 'slow');
    return {
      slow: leg.slow,
      truth: JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth,
      begunAtMs: Date.parse(run.startedAt) + (phase?.elapsedMs ?? Number.NaN),
      failures: leg.attempts - leg.outcomes.open,
      losses: leg.losses?.count ?? 0,
    };
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
}

function heldFigures({ slow, truth, failures, losses }: Carried): Figure[] {
  return [
    counted('read nothing', slow.slow, SLOW),
    counted('held for, by the server', truth.clients, SLOW),
    bytesFigure('user space, for each', slow.userBytesPerSlow, truth.heldBytes / truth.clients),
    bytesFigure('queued at the target, for each', slow.queuedBytesPerSlow.target, truth.queuedBytes / truth.clients),
    {
      what: "queued at the client's end, for each",
      value: shown(slow.queuedBytesPerSlow.client),
      target: '',
      holds: true,
    },
    counted('attempts that failed, and losses', failures + losses, 0),
  ];
}

function closedFigures({ slow, truth, begunAtMs, failures, losses }: Carried): Figure[] {
  const { firstMs, medianMs, lastMs } = slow.closedAfter ?? {};
  const told = [firstMs, medianMs, lastMs].map((ms) => ms ?? Number.NaN);
  const own = truth.closedAt.map((seconds) => seconds * 1000 - begunAtMs);
  const off = Math.max(...told.map((ms, i) => Math.abs(ms - (own[i] ?? Number.NaN))));
  return [
    counted('of a server that resets them: reset', slow.closed, SLOW),
    counted('the same by the server', truth.closed, SLOW),
    {
      what: 'the first, the middle and the last one after',
      value: told.map(humanMs).join(', '),
      target: own.map(humanMs).join(', '),
      holds: true,
    },
    {
      what: "off the server's clock, at most",
      value: humanMs(off),
      target: `≤ ${humanMs(ALLOWED_MS)}`,
      holds: off <= ALLOWED_MS,
    },
    counted('attempts that failed, and losses', failures + losses, 0),
  ];
}

const counted = (what: string, count: number, wanted: number): Figure => ({
  what,
  value: humanCount(count),
  target: humanCount(wanted),
  holds: count === wanted,
});

function bytesFigure(what: string, bytes: number | null, wanted: number): Figure {
  const percent = 100 * ((bytes ?? Number.NaN) / wanted - 1);
  return {
    what,
    value: `${shown(bytes)} of ${shown(wanted)}: ${percent.toFixed(2)} %`,
    target: `± ${MOST_PERCENT} %`,
    holds: Math.abs(percent) <= MOST_PERCENT,
  };
}

const shown = (bytes: number | null): string => (bytes === null ? '–' : `${humanCount(Math.round(bytes))} B`);
