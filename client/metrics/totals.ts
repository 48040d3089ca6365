import { STAGES } from '../../core/schemas/leg-summary.ts';
import { HISTOGRAM_BUCKETS } from '../../core/stats/histogram.ts';
import {
  CLOSE_REASONS,
  type CloseReason,
  OUTCOMES,
  type Outcome,
  STATUS_CLASSES,
  type StatusClass,
} from '../../core/values/outcomes.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { HistogramName } from '../../fleet/wire.ts';

const HISTOGRAMS = [
  'openPlanned',
  ...STAGES,
  'lag',
  'rttPlanned',
  'eventGap',
  'answerHeld',
  'delivery',
  'backAfter',
  'admission',
] as const satisfies readonly HistogramName[];
/** Now, of the leg under way. */
const PRESENT = [
  'opening',
  'open',
  'tlsObjects',
  'tlsKeptObjects',
  'slow',
  // Counts whose difference says what there is now.
  'cut',
  'back',
  'replacementsDue',
  'replaced',
] as const;
const COUNTS = [
  'attempts',
  'bytesIn',
  'bytesOut',
  'messagesIn',
  'payloadBytesIn',
  'wireBytesIn',
  'wireBytesOut',
  'secured',
  'resumed',
  'heartbeats',
  'messages',
  'replies',
  'lateReplies',
  'lostReplies',
  'fromOthers',
  'expectedDeliveries',
  'deliveries',
  'lateDeliveries',
  'duplicateDeliveries',
  'disorderedDeliveries',
  'slowHeldBack',
  'cut',
  'back',
  'retries',
  'heldBack',
  'replaced',
] as const;

/** What was counted of one leg since the run began, over all launches: nothing in it ever goes down. */
export interface Totals {
  /** Attempts of the leg under way, counted at the same moment: each is here or among the outcomes. */
  readonly present: Readonly<Record<(typeof PRESENT)[number], number>>;
  readonly counts: Readonly<Record<(typeof COUNTS)[number], number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly closeReasons: Readonly<Record<CloseReason, number>>;
  readonly statuses: Readonly<Record<StatusClass, number>>;
  readonly histograms: Readonly<Record<(typeof HISTOGRAMS)[number], ArrayLike<number>>>;
}

/** What a leg has come to; cheap, since its workers count in shared memory. */
export function totalsOf(fleet: Pick<Fleet, 'tally' | 'histogram'>): Totals {
  const tally = fleet.tally();
  return {
    present: pick(PRESENT, (name) => tally[name]),
    counts: pick(COUNTS, (name) => tally[name]),
    outcomes: tally.outcomes,
    closeReasons: tally.closeReasons,
    statuses: tally.statuses,
    histograms: pick(HISTOGRAMS, (name) => fleet.histogram(name)),
  };
}

export const NO_TOTALS: Totals = {
  present: pick(PRESENT, () => 0),
  counts: pick(COUNTS, () => 0),
  outcomes: pick(OUTCOMES, () => 0),
  closeReasons: pick(CLOSE_REASONS, () => 0),
  statuses: pick(STATUS_CLASSES, () => 0),
  histograms: pick(HISTOGRAMS, () => new Float64Array(HISTOGRAM_BUCKETS)),
};

/** @param before of what is over */
export const sumTotals = (before: Totals, now: Totals): Totals => ({
  present: now.present,
  counts: pick(COUNTS, (name) => before.counts[name] + now.counts[name]),
  outcomes: pick(OUTCOMES, (name) => before.outcomes[name] + now.outcomes[name]),
  closeReasons: pick(CLOSE_REASONS, (name) => before.closeReasons[name] + now.closeReasons[name]),
  statuses: pick(STATUS_CLASSES, (name) => before.statuses[name] + now.statuses[name]),
  histograms: pick(HISTOGRAMS, (name) =>
    Float64Array.from(before.histograms[name], (count, i) => count + (now.histograms[name][i] ?? 0)),
  ),
});

function pick<K extends string, V>(names: readonly K[], of: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<K, V>;
}
