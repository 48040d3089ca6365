import type { Readable, Writable } from 'node:stream';

/** What of the process a command may touch. `main.ts` gives the real one, so that every command runs inside a test. */
export interface CliDeps {
  readonly stdin: Readable;
  /** Carries only what was asked for: a result, in words or as JSON. */
  readonly stdout: Writable;
  /** For people, and whatever isn't the result: progress, warnings, errors. */
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `handler` for each SIGINT, SIGTERM and SIGHUP instead of ending the process. Returns how to stop that. */
  onSignal(handler: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void): () => void;
  /** Ends the process at once; for a second signal only. */
  exit(code: number): void;
  /** What the process will end with, once nothing is left to do. */
  setExitCode(code: number): void;
  /** How this very program is started, for processes of our own: `['node', '/…/bin/main.js']`. */
  readonly self: readonly string[];
  readonly version: string;
}
