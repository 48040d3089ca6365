import { join } from 'node:path';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Kind, RuntimeResult, Times } from '../../core/schemas/runtimes.ts';
import { medianKnown } from '../../core/stats/slope.ts';
import { poolLaunches } from '../fold/pool-launches.ts';
import { type RunRecord, readRun } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';

/** A target, as far as its result repeats it. */
type Told = Pick<RuntimeResult, 'language' | 'threadPerConnection'> & { readonly name: string };

/** One of the runs, and how it ended. */
interface Ended {
  readonly cell: {
    readonly name: string;
    readonly target: string;
    readonly scheme: SchemeName;
    readonly kind: Kind;
  };
  readonly state: 'measured' | 'kept' | 'refused' | 'failed' | 'left';
  readonly said: string;
}

/**
 * What one target came to by one scheme, from the folders of its runs: each is summed up anew, its launches pooled as
 * those within a run are.
 *
 * @param measured how its runs ended; one that failed isn't looked at
 */
export function collect(
  { name, language, threadPerConnection }: Told,
  scheme: SchemeName,
  levels: Readonly<Record<Kind, readonly number[]>>,
  folder: string,
  measured: readonly Ended[],
): RuntimeResult {
  const { protocol, transport } = toCarried(scheme);
  const own = measured.filter(({ cell }) => cell.target === name && cell.scheme === scheme);
  const runsOf = (kind: Kind): RunRecord[] =>
    own
      .filter(({ cell, state }) => cell.kind === kind && (state === 'measured' || state === 'kept'))
      .map(({ cell }) => readRun(join(folder, cell.name)));
  const many = runsOf('many');
  const refused = own.find(({ cell, state }) => cell.kind === 'many' && state === 'refused');
  return {
    target: name,
    language,
    protocol,
    transport,
    threadPerConnection,
    memory: memoryOf(legsIn(runsOf('memory')), legsIn(many)),
    many: manyOf(many),
    manyRefused: refused ? firstLine(refused.said) : null,
    times: timesOf(legsIn(runsOf('times')), levels.times),
    work: timesOf(legsIn(runsOf('work')), levels.work),
    overload: timesOf(legsIn(runsOf('overload')), levels.overload),
  };
}

/** @param few launches in as few processes as these connections take, one as a rule: their baseline is that of one server */
function memoryOf(few: readonly LegSummary[], many: readonly LegSummary[]): RuntimeResult['memory'] {
  if (few.length === 0) return null;
  const { baselineBytes, levels } = poolLaunches(few);
  const widest = many.length > 0 ? many : few;
  const { perConnection, levels: ofWidest } = poolLaunches(widest);
  const first = levels[0];
  const growth = first?.bytes.total == null || baselineBytes === null ? null : first.bytes.total - baselineBytes;
  return {
    launches: widest.length,
    upTo: ofWidest.at(-1)?.open ?? 0,
    total: perConnection?.total ?? null,
    user: perConnection?.user ?? null,
    kernel: perConnection?.kernel ?? null,
    baselineBytes,
    first: { open: first?.open ?? 0, growthBytes: growth },
  };
}

function manyOf(launches: readonly RunRecord[]): RuntimeResult['many'] {
  const [first] = launches;
  if (!first) return null;
  const top = poolLaunches(legsIn(launches)).levels.at(-1);
  if (!top) return null;
  const { total, user, kernel } = top.bytes;
  const { processes } = first.run.target;
  return {
    launches: launches.length,
    open: top.open,
    processes,
    totalBytes: total,
    userBytes: user,
    kernelBytes: kernel,
  };
}

/** Each run has one leg. */
const legsIn = (runs: readonly RunRecord[]): LegSummary[] => runs.flatMap((run) => summarize(run).legs.slice(0, 1));

/** A percentile over few answers scatters, so that each launch counts for itself. */
function timesOf(launches: readonly LegSummary[], levels: readonly number[]): Times[] {
  if (launches.length === 0) return [];
  return levels.map((open) => {
    const all = launches.flatMap((leg) => leg.levels.find((level) => level.open === open)?.rtt ?? []);
    return {
      open,
      p50Ms: medianKnown(all.map(({ p50Ms }) => p50Ms)),
      p99Ms: medianKnown(all.map(({ p99Ms }) => p99Ms)),
      p99sMs: all.map(({ p99Ms }) => p99Ms),
      lost: all.reduce((sum, { lostReplies }) => sum + lostReplies, 0),
    };
  });
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
