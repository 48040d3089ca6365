import { redactText } from './secrets.ts';

/** Exit codes of every `connrig` command. Documented API: scripts and CI rely on them. */
export const EXIT = {
  done: 0,
  defect: 1,
  usage: 2,
  limits: 3,
  target: 4,
  threshold: 5,
  invalid: 6,
  inconclusive: 7,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Every error code the rig knows, and the exit code it ends in. Codes are stable; messages may be reworded. */
export const EXIT_OF = {
  EDEFECT: EXIT.defect,
  /** What --fail-if must not be. */
  ETHRESHOLD: EXIT.threshold,
  /** A connection costs more than --max-growth allows over that of --baseline, or nobody knows. */
  EGROWTH: EXIT.threshold,
  /** Wrong command line, environment or config file. */
  EUSAGE: EXIT.usage,
  ECONFIG: EXIT.usage,
  /** The run folder can't be created or written. */
  EOUT: EXIT.usage,
  /** The folder isn't a run folder, or what it holds can't be read. */
  ERUNFOLDER: EXIT.usage,
  /** A port or address to listen on is taken or not ours. */
  ELISTEN: EXIT.usage,
  /** No process with that id, or not one we may read. */
  EPID: EXIT.usage,
  /** Limits of this machine, found before the first socket. */
  EFILES: EXIT.limits,
  EPORTS: EXIT.limits,
  EMEMORY: EXIT.limits,
  ELIMITS: EXIT.limits,
  /** A target can't be built or run without a program that isn't here, or is too old. */
  ETOOLCHAIN: EXIT.limits,
  /** A fleet over several machines asks for packages that aren't installed. */
  EFLEETPEER: EXIT.limits,
  /** Fewer workers wait than a run asks for, or they have too little room. */
  EFLEETWORKERS: EXIT.limits,
  /** What a worker can't hold of a run: another version, a token that doesn't fit, an address that isn't allowed, too many. */
  EFLEETVERSION: EXIT.limits,
  EFLEETTOKEN: EXIT.limits,
  EFLEETALLOW: EXIT.limits,
  EFLEETMAX: EXIT.limits,
  EFLEETPLAN: EXIT.limits,
  EFLEETENV: EXIT.limits,
  EFLEETNAME: EXIT.limits,
  /** The target is at the loopback of the conductor's machine, and workers are elsewhere. */
  EFLEETLOOPBACK: EXIT.limits,
  /** The target can't be reached, or stopped being there. */
  EHOST: EXIT.target,
  EREFUSED: EXIT.target,
  ETIMEDOUT: EXIT.target,
  EREJECTED: EXIT.target,
  EHANDSHAKE: EXIT.target,
  EOPENING: EXIT.target,
  /** The certificate of the target isn't trusted, not valid now, or for another name. */
  ETLSCERT: EXIT.target,
  /** The target ended the TLS handshake, or speaks no TLS that fits. */
  ETLS: EXIT.target,
  EUNREACHABLE: EXIT.target,
  EDROPPED: EXIT.target,
  ETARGETDIED: EXIT.target,
  /** The kernel killed it, or one of its processes, for want of memory. */
  ETARGETMEMORY: EXIT.target,
  /** It took more memory than --memory-limit allows: the run stopped before the machine had to. */
  EMEMORYLIMIT: EXIT.target,
  ETARGETSTART: EXIT.target,
  /** It ended for its restart, as was asked, and did not come up again. */
  ETARGETRESTART: EXIT.target,
  /** A target's own build failed. */
  ETARGETBUILD: EXIT.target,
  /** The Redis of a fleet doesn't answer, or is too old. */
  EFLEETREDIS: EXIT.target,
  /** The exporter named doesn't answer, or has nothing about memory. */
  EEXPORTER: EXIT.target,
  /** The inspector named doesn't answer, or belongs to another process. */
  EINSPECTOR: EXIT.target,
  /** More connections came at once than may wait to be accepted: of some only the client knows. */
  EBACKLOG: EXIT.target,
  /** The target's kernel holds connections back until they have sent something. */
  EDEFERRED: EXIT.target,
  /** Too few levels held still for a result: connections came and went. */
  EUNSTABLE: EXIT.target,
  /** Its memory, which was asked for, could not be read at enough levels. */
  EMETER: EXIT.target,
  /** The target accepts no more: a finding about it, with everything measured up to there. */
  ETARGETFULL: EXIT.target,
  /** What was measured tells too little: of what one more connection costs, or of whether it grew. */
  EINCONCLUSIVE: EXIT.inconclusive,
  /** The client was what limited the run. */
  EGENERATOR: EXIT.invalid,
  EINTERRUPTED: EXIT.interrupted,
} as const satisfies Record<string, ExitCode>;
export type ErrorCode = keyof typeof EXIT_OF;

/**
 * "Can't go on": thrown, and printed as `CODE: sentence — hint`. What happens to one connection among many is
 * not an error but an {@link Outcome}, a value.
 */
export class RigError extends Error {
  override readonly name = 'RigError';
  readonly code: ErrorCode;
  /** What to do next, as an imperative a person can paste or obey. */
  readonly hint: string;
  constructor(code: ErrorCode, message: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
  get exitCode(): ExitCode {
    return EXIT_OF[this.code];
  }
}

/** One line for people. A defect of ours shows what it was; nothing shows a stack trace unless asked for. */
export function formatError(error: unknown): string {
  if (error instanceof RigError) return redactText(`${error.code}: ${error.message} — ${error.hint}`);
  // Some errors, an AggregateError for one, come without words.
  const text = error instanceof Error ? error.message || error.name : String(error);
  return `EDEFECT: ${redactText(text)} — please report this with the run folder; CONNRIG_DEBUG=1 shows the stack`;
}

/** The exit code an error ends in: its own when it is ours, otherwise "a defect". */
export const exitCodeOf = (error: unknown): ExitCode => (error instanceof RigError ? error.exitCode : EXIT.defect);

/** All problems at once, as one error: nobody should have to fix a command line one mistake at a time. */
export function usageError(problems: readonly string[], hint: string): RigError {
  return new RigError('EUSAGE', problems.join('; '), { hint });
}
