import type { RunFile } from '../../core/schemas/record.ts';
import type { RigError } from '../../core/values/errors.ts';
import type { TargetUrl } from '../../core/values/urls.ts';

/** The server under test, for the time of one leg. */
export interface Target {
  readonly kind: RunFile['target']['kind'];
  /** For people: what it is. */
  readonly name: string;
  /** Where this leg connects to. */
  readonly url: TargetUrl;
  /** At which of its host's addresses it was found to listen; undefined: at the one that was given. */
  readonly ip?: string;
  /** Root of the process tree whose memory is the target's; null when it isn't known. */
  readonly pid: number | null;
  /** Admin port of a reference server; null for others. */
  readonly adminUrl: string | null;
  /** What that port wants to know; null when it answers everybody, or there is none. */
  readonly adminToken: string | null;
  /** PEM of what its certificate is trusted by, where it made one for this launch; else what the config says counts. */
  readonly caCert?: string;
  /** Why it isn't there any more; undefined while it is, or when that can't be known. */
  death(): RigError | undefined;
  /** What it printed last, for the record; empty when we don't see its output. */
  lastOutput(): string;
  /** How it is started anew; undefined where we didn't start it. */
  readonly again?: StartsAgain | undefined;
  /**
   * Ends it, when we started it. Idempotent.
   *
   * @param hasDrained it holds no connections any more, and gets time to end in order. Otherwise it is ended by force soon:
   * to close half a million connections would take it longer than anybody waits for an interrupted run
   */
  stop(hasDrained: boolean): Promise<void>;
}

/** What can be done once, to a target that we started. */
export interface StartsAgain {
  /**
   * Ends it by a signal. What the next one needs stays, such as its certificate.
   *
   * @param withinMs how long it may take, before it is killed
   * @param hurry nobody waits for it any longer: it is killed
   * @returns whether it was killed
   */
  end(signal: NodeJS.Signals, withinMs: number, hurry: AbortSignal): Promise<boolean>;
  /**
   * The same command with the same ports, environment and certificate, once it has ended.
   *
   * @param onSpawn told its process before it is ready
   * @throws RigError ETARGETSTART, EINTERRUPTED
   */
  start(onSpawn: (pid: number) => void): Promise<Target>;
}
