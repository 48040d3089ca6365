import type { ProtocolName } from '../protocols/names.ts';
import type { Estimate } from '../stats/slope.ts';
import type { Phase } from '../values/plan.ts';

/**
 * What a run's record shows beside its summary, in bounded numbers of points: what charts are drawn from. Made by
 * `report/fold/series.ts`, all at once or as a run goes.
 */
export interface RunSeries {
  /** Ascending in time, over all legs and launches. */
  readonly time: readonly TimePoint[];
  readonly phases: readonly PhaseSpan[];
  /** One for each leg of the plan that has begun. */
  readonly legs: readonly LegSeries[];
  /** Legs whose top level went on; absent while a run goes. */
  readonly drifts?: readonly DriftSeries[];
}

/** User memory of a leg's top level while it went on, in its first launch. */
export interface DriftSeries {
  readonly name: string;
  readonly phase: 'churn' | 'soak';
  readonly level: number;
  /** Growth in bytes an hour, over all segments; null where too little is known. */
  readonly perHour: Estimate | null;
  /** What lies between two interruptions, in ms since the run began. */
  readonly segments: ReadonlyArray<ReadonlyArray<{ readonly elapsedMs: number; readonly bytes: number }>>;
}

/** A moment of a run. Counts are cumulative since the leg began in this launch. */
export interface TimePoint {
  readonly elapsedMs: number;
  readonly launch: number;
  readonly leg: number;
  /** How often a soak was gone on with before: counts begin anew; absent where it never was. */
  readonly segment?: number | undefined;
  readonly open: number;
  readonly opening: number;
  /** Attempts that ended in `open`. */
  readonly opened: number;
  readonly failed: number;
  readonly closed: number;
  /** User memory of the target; null where it can't be read cheaply. */
  readonly targetBytes: number | null;
}

export interface PhaseSpan {
  readonly fromMs: number;
  /** null: it goes on. */
  readonly toMs: number | null;
  readonly launch: number;
  readonly leg: number;
  readonly protocol: ProtocolName;
  readonly phase: Phase;
  readonly level: number;
}

/** One leg's first launch. */
export interface LegSeries {
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly opening: readonly LevelOpening[];
  readonly drains: readonly Drain[];
}

/** How the connections opened that came between the level below and this one. */
export interface LevelOpening {
  readonly level: number;
  /** How many; 0 when there is nothing to tell. */
  readonly opened: number;
  /** From the planned moment; null when none opened. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** User memory with no connection open: the baseline is cycle 0, then one after each cycle. */
export interface Drain {
  readonly cycle: number;
  /** Closed since the baseline. */
  readonly closedConnections: number;
  readonly bytes: number;
}
