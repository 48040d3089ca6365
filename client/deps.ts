import type { MemoryPoint, RunFile } from '../core/schemas/record.ts';
import type { Estimate } from '../core/stats/slope.ts';
import type { RunObserver } from './observer.ts';
import type { Progress } from './progress.ts';

/** What enters a run from outside: a run inside a test gets its own. */
export interface RunDeps {
  /** How this very program is started, for the reference server's process: `['node', '/…/bin/main.js']`. */
  readonly self: readonly string[];
  /** What targets are built and found with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person wants the run to end. */
  readonly signal: AbortSignal;
  readonly version: string;
  /**
   * What another launch may show, of what this run was asked; null for nothing. The report's own statistics say it, which lie in another
   * room. undefined: nothing was asked that takes more launches than were planned.
   */
  readonly openQuestion?: ((folder: string) => string | null) | undefined;
  /**
   * What one more connection costs by the baseline and levels of a leg so far, by the report's own statistics; null where these show
   * none. undefined: nobody looks at it.
   */
  readonly costSoFar?: ((run: RunFile, points: readonly MemoryPoint[], leg: number) => Estimate | null) | undefined;
  readonly wallClock: () => Date;
  readonly onProgress: (progress: Progress) => void;
  /** A sentence that a person should see now. */
  readonly onNotice: (text: string) => void;
  /** Told all that is recorded. */
  readonly observers: readonly RunObserver[];
}
