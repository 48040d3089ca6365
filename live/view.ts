/**
 * What the live page shows, as plain JSON: the server makes it, the page in the browser applies changes to it. Nothing
 * here needs either.
 */

import type { ProtocolName } from '../core/protocols/names.ts';
import type { ServerMemory, TopConnections } from '../core/schemas/admin.ts';
import type { DoingNow } from '../core/schemas/doing-now.ts';
import type { LegSeries, PhaseSpan, TimePoint } from '../core/schemas/series.ts';
import type { ShareState } from '../core/schemas/share-state.ts';
import type { Summary } from '../core/schemas/summary.ts';
import type { Counts, Outcome } from '../core/values/outcomes.ts';
import type { Phase } from '../core/values/plan.ts';

/** A run, while it goes on and after. */
export interface RunView {
  readonly kind: 'run';
  /** null until the run file is there. */
  readonly head: RunHead | null;
  /** The latest tick. */
  readonly now: RunState | null;
  /** Thinned: at most 600, see report/fold/series.ts. */
  readonly time: readonly TimePoint[];
  readonly phases: readonly PhaseSpan[];
  readonly legs: readonly LegSeries[];
  /** From the levels so far, by the same functions as summary.json; at the end it is summary.json. */
  readonly verdict: Verdict | null;
  readonly notices: Notices;
  readonly progress: PointProgress;
  readonly standing: Standing;
}

/** `silent`: it neither goes on nor did it say how it ended. */
export type Standing = 'running' | 'ended' | 'silent';

export interface RunHead {
  readonly name: string;
  readonly startedAt: string;
  readonly target: string;
  /** Machine, kernel, versions: one line each. */
  readonly facts: readonly string[];
}

export interface RunState {
  readonly elapsedMs: number;
  readonly launch: number;
  readonly leg: number;
  /** The leg's name. */
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly phase: Phase;
  readonly level: number;
  readonly counts: Counts;
  /** The leg's so far. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly openedPerSecond: number;
  /** By all open connections; null where nothing has come in yet. Messages are null where a protocol has none. */
  readonly received: { readonly messagesPerSecond: number | null; readonly bytesPerSecond: number } | null;
  readonly targetBytes: number | null;
  readonly generatorRssBytes: number;
  /** What befalls connections; nothing in phases in which nothing does. */
  readonly doing: DoingNow;
  /** By share of a fleet over several machines; none where the client holds all. */
  readonly workers: readonly WorkerNow[];
}

/** A worker on another machine, by what it said last. */
export interface WorkerNow
  extends Pick<ShareState, 'share' | 'host' | 'worker' | 'lease' | 'heardAgoMs' | 'open' | 'latenessMs' | 'rssBytes'> {
  readonly openedPerSecond: number;
  /** Processor time per time. */
  readonly cores: number;
}

export interface Verdict {
  readonly summary: Summary;
  /** The summary as people read it, one column a leg. */
  readonly rows: ReadonlyArray<{ readonly label: string; readonly cells: readonly string[] }>;
  /** This is what summary.json says. */
  readonly isFinal: boolean;
}

/** Bounded: what comes beyond is counted. */
export interface Notices {
  readonly warnings: readonly string[];
  readonly troubles: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  /** How many more there are than listed. */
  readonly more: number;
}

/** In memory points, which is what a run is for. */
export interface PointProgress {
  readonly done: number;
  readonly all: number;
  /** null: not known. */
  readonly leftMs: number | null;
}

/** The reference server, from when somebody began to look. */
export interface ServerView {
  readonly kind: 'server';
  readonly memory: ServerMemory | null;
  readonly time: readonly TimePoint[];
  readonly top: TopConnections | null;
}

export type View = RunView | ServerView;

/** Parts that are there anew, and moments that came to `time`. */
export interface Change {
  readonly set: Partial<Omit<RunView, 'kind'>> | Partial<Omit<ServerView, 'kind'>>;
  readonly append?: readonly TimePoint[];
}

/** The view after a change. Parts that didn't change stay the same objects. */
export function applyChange(view: View, { set, append }: Change): View {
  const changed = { ...view, ...set } as View;
  return append === undefined ? changed : { ...changed, time: [...changed.time, ...append] };
}

/** What goes over the wire. `seq` counts within one stream; a page that misses one starts anew. */
export interface ViewSnapshot {
  readonly seq: number;
  readonly view: View;
}
export interface Delta extends Change {
  readonly seq: number;
}
