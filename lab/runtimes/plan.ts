import type { Exchange } from '../../core/protocols/descriptor.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import { KINDS, type Kind, type RuntimesResult } from '../../core/schemas/runtimes.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { shuffled } from '../../core/stats/shuffled.ts';
import type { Cell } from '../run-cell.ts';

/** Only servers of http can be asked to compute. */
const COMPUTES: readonly Kind[] = ['work', 'overload'];

/** One run of one target. */
export interface RuntimeCell extends Cell {
  readonly target: string;
  readonly scheme: SchemeName;
  readonly kind: Kind;
  /** From 1. */
  readonly launch: number;
}

/** What is measured, as far as a reader of the result has to know it. */
export interface RuntimesPlan {
  readonly quick: boolean;
  /** Launches of each kind; 0: not measured. */
  readonly launches: Readonly<Record<Kind, number>>;
  readonly levels: Readonly<Record<Kind, readonly number[]>>;
  /** Messages or requests per second over all connections. */
  readonly timesPerSecond: number;
  readonly workPerSecond: number;
  readonly overloadPerSecond: number;
  readonly workMs: number;
  readonly opensPerSecond: number;
  /** Over TLS, where a handshake takes a millisecond of a processor and more, at both ends together. */
  readonly securedOpensPerSecond: number;
  /** For so long answers are timed at each level. Beyond one core a queue grows all the while, and p99 with it. */
  readonly talkMs: number;
  readonly overloadTalkMs: number;
}

/**
 * 160 times 5 ms keep 80 % of one core busy, 240 times 120 %. Beyond one core an event loop falls behind, and where it
 * accepts one connection a turn (libuv does) soon opens none any more: there is one level then, of few.
 */
const COMMON = {
  timesPerSecond: 1000,
  workPerSecond: 160,
  overloadPerSecond: 240,
  workMs: 5,
  opensPerSecond: 20_000,
  securedOpensPerSecond: 500,
  overloadTalkMs: 2000,
};

export const FULL: RuntimesPlan = {
  quick: false,
  launches: { memory: 3, many: 3, times: 3, work: 3, overload: 3 },
  levels: {
    // Few enough that none of them passes for a bend, which launches of one server may be of two minds about.
    memory: [1000, 2500, 5000, 7500, 10_000],
    many: [20_000, 40_000, 60_000, 80_000, 100_000],
    times: [500, 2000, 10_000],
    work: [500, 2000, 10_000],
    overload: [20],
  },
  ...COMMON,
  talkMs: 5000,
};
export const QUICK: RuntimesPlan = {
  quick: true,
  launches: { memory: 1, many: 0, times: 1, work: 1, overload: 1 },
  // Two seconds of answers at each level of each server are most of the time that it takes: one level does for a look.
  levels: { memory: [500, 1000, 2000], many: [], times: [2000], work: [2000], overload: [20] },
  ...COMMON,
  talkMs: 2000,
};

/** What of a plan stands in its result. */
export function toldOf({ launches, ...plan }: RuntimesPlan): RuntimesResult['plan'] {
  const { timesPerSecond, talkMs, overloadTalkMs, workPerSecond, overloadPerSecond, workMs } = plan;
  return {
    launches: launches.memory,
    timesPerSecond,
    talkMs,
    overloadTalkMs,
    workPerSecond,
    overloadPerSecond,
    workMs,
  };
}

/** A target as far as it matters here: its name, how it is asked for, and what it speaks. */
export interface Asked {
  readonly name: string;
  readonly given: string;
  readonly protocols: readonly SchemeName[];
}

/**
 * All runs in the order in which they are made: first every target's first launch, in random order, then every one's second.
 * So neither a warm machine nor a busy hour is one target's alone.
 *
 * @param seed the same one gives the same order, so that a comparison can be gone on with
 */
export function cellsOf(plan: RuntimesPlan, targets: readonly Asked[], seed: number): RuntimeCell[] {
  const random = seededRandom(seed);
  const rounds = Math.max(...Object.values(plan.launches));
  return Array.from({ length: rounds }, (_, i) => i + 1).flatMap((launch) =>
    shuffled(
      KINDS.filter((kind) => launch <= plan.launches[kind]).flatMap((kind) =>
        targets.flatMap((target) =>
          target.protocols
            .filter((scheme) => isAsked(scheme, kind))
            .map((scheme) => cellOf(plan, target, scheme, kind, launch)),
        ),
      ),
      random,
    ),
  );
}

/** What TLS takes shows by few connections; so many would take minutes to shake hands. */
function isAsked(scheme: SchemeName, kind: Kind): boolean {
  // Nobody asks on an event stream.
  if (exchangeOver(scheme) === 'events') return kind === 'memory';
  if (COMPUTES.includes(kind)) return exchangeOver(scheme) === 'requests';
  return kind !== 'many' || toCarried(scheme).transport === 'plain';
}

const exchangeOver = (scheme: SchemeName): Exchange => DESCRIPTORS[toCarried(scheme).protocol].exchange;

/** The name of a run's folder. */
const cellName = (target: string, scheme: SchemeName, kind: Kind, launch: number): string =>
  `${target}_${scheme}-${kind}-${launch}`;

function cellOf(
  plan: RuntimesPlan,
  { name, given }: Asked,
  scheme: SchemeName,
  kind: Kind,
  launch: number,
): RuntimeCell {
  const behaviour = behaviourOf(plan, scheme, kind);
  const isPlain = toCarried(scheme).transport === 'plain';
  const talkMs = kind === 'overload' ? plan.overloadTalkMs : plan.talkMs;
  return {
    name: cellName(name, scheme, kind, launch),
    target: name,
    scheme,
    kind,
    launch,
    args: [
      ...['--target', given, '--protocol', scheme, ...levelArgs(plan.levels[kind])],
      ...['--rate', `${isPlain ? plan.opensPerSecond : plan.securedOpensPerSecond}/s`],
      // Where answers are timed nobody waits for memory to come to rest.
      ...(behaviour === null ? [] : ['--behaviour', behaviour, '--talk', `${talkMs}ms`, '--settle-timeout', '0s']),
    ],
  };
}

/** A list of one would be taken for a number of levels. */
const levelArgs = (levels: readonly number[]): string[] =>
  levels.length === 1 ? ['--connections', String(levels[0]), '--levels', '1'] : ['--levels', levels.join(',')];

function behaviourOf(plan: RuntimesPlan, scheme: SchemeName, kind: Kind): string | null {
  if (kind === 'work' || kind === 'overload') {
    return `request:${kind === 'work' ? plan.workPerSecond : plan.overloadPerSecond}/s:/work?ms=${plan.workMs}`;
  }
  if (kind !== 'times') return null;
  return exchangeOver(scheme) === 'requests'
    ? `request:${plan.timesPerSecond}/s:/`
    : `echo:${plan.timesPerSecond}/s:64B`;
}
