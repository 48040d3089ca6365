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
  readonly wallClock: () => Date;
  readonly onProgress: (progress: Progress) => void;
  /** A sentence that a person should see now. */
  readonly onNotice: (text: string) => void;
  /** Told all that is recorded. */
  readonly observers: readonly RunObserver[];
}
