import { nounsOf } from '../../core/protocols/nouns.ts';
import { type LegSummary, STRAIGHT } from '../../core/schemas/leg-summary.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import { RUNTIMES, type RuntimeKind, type RuntimeTraits } from '../../core/values/runtimes.ts';
import { humanBytes, humanBytesAlike, humanCount } from '../../core/values/units.ts';

/** How much of a process's memory may be there for nothing at any moment, by what it runs on. */
export interface Hidden {
  readonly runtime: RuntimeKind;
  readonly bytes: number;
  /** It was told to collect its garbage, so only more connections help. */
  readonly isCollected: boolean;
}

type Inconclusive = NonNullable<LegSummary['inconclusive']>;
type Reason = Inconclusive['reasons'][number];

/** An interval that reaches further than this part of the cost, to either side, tells no more than a range. */
const WIDEST_REACH = 0.5;
/** What more connections are to bring it down to. */
const WANTED_REACH = 0.2;
/** Beyond that nobody can say how many it takes. */
const MOST_TIMES = 10;

/**
 * A leg without what its levels don't show. A cost that may be anything is none, and nothing that follows from it is told: no line, no
 * burst, and so no capacity, forecast or limit. What was measured at each level stays, and so do rows of the ledger, each with an interval of
 * its own.
 *
 * @param isStartedHere the run starts the target, and so could launch it more often
 */
export function withoutDisowned(leg: LegSummary, hidden?: Hidden, isStartedHere = true): LegSummary {
  const reasons = reasonsAgainst(leg, hidden, isStartedHere);
  if (reasons.length === 0) return leg;
  // One climb says no better what stays than what one more takes.
  const retained = leg.retained?.low === null ? null : leg.retained;
  const inconclusive = { reasons, components: rowsOf(leg, hidden) };
  return { ...leg, inconclusive, perConnection: null, fit: null, chargedFit: null, burst: null, retained };
}

/**
 * Rows that were counted rather than left over: external memory of a heap, objects of the kernel. What nothing explains is in none of
 * them, and a heap that wasn't collected says nothing either.
 */
function rowsOf({ perConnection }: LegSummary, hidden: Hidden | undefined): Inconclusive['components'] {
  const isTold = (name: string): boolean =>
    name !== 'userOther' && (name !== 'heapUsed' || hidden?.isCollected === true);
  const all = Object.entries(perConnection?.componentEstimates ?? {});
  return Object.fromEntries(all.filter(([name, estimate]) => estimate !== null && isTold(name)));
}

function reasonsAgainst(leg: LegSummary, hidden: Hidden | undefined, isStartedHere: boolean): Reason[] {
  const { perConnection, fit } = leg;
  const cost = knownCost(leg);
  if (cost === null) return [];
  const [one] = nounsOf(leg);
  const more = `--connections ${moreThan(leg, cost)}`;
  const moreLevels = `--levels ${2 * leg.levels.length}`;
  const reach = reachOf(cost);
  const isWide = cost.low <= 0 || reach > WIDEST_REACH * cost.bytes;
  if (hidden && isWide && perConnection!.coarseBytes > reach / 2) {
    const { runtime, bytes, isCollected } = hidden;
    const { noun, remedy }: RuntimeTraits = RUNTIMES[runtime];
    const sentence = `the memory of ${noun} may be off by ${humanBytes(bytes)} at any moment, which hides what one more ${one} costs`;
    return [{ code: 'heap', sentence, remedy: isCollected || remedy === undefined ? more : remedy }];
  }
  if (cost.low <= 0) {
    const bound = cost.high > 0 ? `: up to ${humanBytes(cost.high)} would fit` : '';
    return [
      {
        code: 'scatter',
        sentence: `the levels scatter too much to tell what one more ${one} costs${bound}`,
        remedy: `${more} ${moreLevels}`,
      },
    ];
  }
  const reasons: Reason[] = [];
  if (fit !== null && fit.rSquared < STRAIGHT) {
    const how = `memory does not closely follow the number of connections (R² ${fit.rSquared.toFixed(4)})`;
    reasons.push({
      code: 'no-line',
      sentence: `${how}, so what one more ${one} costs does not follow from it`,
      remedy: `--rest 15s ${more}`,
    });
  }
  if (isWide) {
    const {
      values: [, low, high],
      unit,
    } = humanBytesAlike(cost.bytes, cost.low, cost.high);
    reasons.push({
      code: 'range',
      sentence: `one more ${one} costs something between ${low} and ${high} ${unit}, which is too wide a range to plan by`,
      remedy: `${more} ${isStartedHere ? '--launches 5' : moreLevels}`,
    });
  }
  return reasons;
}

const reachOf = ({ bytes, low, high }: Estimate): number => Math.max(bytes - low, high - bytes);

/** As many connections as would narrow the interval enough, if levels went on to scatter as they do: a round number. */
function moreThan({ planned }: LegSummary, cost: Estimate): string {
  const times = cost.bytes > 0 ? reachOf(cost) / (WANTED_REACH * cost.bytes) : MOST_TIMES;
  const wanted = planned * Math.min(MOST_TIMES, Math.max(2, times));
  const power = 10 ** Math.floor(Math.log10(wanted));
  const round = [1, 2, 5, 10].find((step) => step * power >= wanted)! * power;
  return round >= 1000 ? `${round / 1000}k` : humanCount(round);
}
