import type { RunObserver } from '../client/observer.ts';
import type { Progress } from '../client/progress.ts';
import type { Summary } from '../core/schemas/summary.ts';

/** A run being served over HTTP, as metrics or as a page, while it goes on and for a moment after. */
export interface ServedRun {
  /** What can be found where, for a person. */
  readonly where: string;
  /** A line for people about who else may read of it; mostly nothing. */
  readonly warning: string;
  readonly observer: RunObserver;
  onProgress(progress: Progress): void;
  /** The run is over, and this is what it came to. */
  finished(summary: Summary): void;
  /** What {@link linger} is going to do, for people; undefined: nothing. */
  untilWhen(mostMs: number): string | undefined;
  /** Stays, so that the last values are seen as well: until they were, or time is up. */
  linger(mostMs: number, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
