import { type ErrorCode, RigError } from './errors.ts';

/** What the system refuses a process, by the name of its error or of Node's: which limit it is, and what lifts it. */
const REFUSALS: Readonly<Record<string, readonly [code: ErrorCode, sentence: string, hint: string]>> = {
  EMFILE: ['EFILES', 'this process may open no further file', 'ulimit -n 4096'],
  ENFILE: ['EFILES', 'the system has no room for further open files', 'sysctl -w fs.file-max=1000000'],
  EAGAIN: ['ELIMITS', 'this user may start no further process or thread', 'ulimit -u 4096'],
  ERR_WORKER_INIT_FAILED: ['ELIMITS', 'no further thread could be started', 'ulimit -u 4096; ulimit -v unlimited'],
  ERR_WORKER_OUT_OF_MEMORY: ['EMEMORY', 'there was no memory for one more thread', 'ulimit -v unlimited'],
  ERR_MEMORY_ALLOCATION_FAILED: ['EMEMORY', 'there was no memory left', 'ulimit -v unlimited'],
  ENOMEM: ['EMEMORY', 'there was no memory left', 'ulimit -v unlimited'],
  ENOSPC: ['EOUT', 'the disk is full', 'df -h ., to see which has room'],
  EDQUOT: ['EOUT', 'the disk has no more room for this user', 'quota -s'],
  EFBIG: ['EOUT', 'a file would become larger than files may be', 'ulimit -f unlimited'],
};

/**
 * A limit that was met in the middle of something, as an error of the rig's.
 *
 * @returns undefined when it is none of these
 */
export function systemError(error: unknown): RigError | undefined {
  if (error instanceof RigError || !(error instanceof Error)) return undefined;
  const { code = '', syscall } = error as Error & { readonly code?: string; readonly syscall?: string };
  const refusal = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  // For a pipe or a terminal it means that it is to be asked again, and is no limit.
  if (!refusal || (code === 'EAGAIN' && !syscall?.startsWith('spawn'))) return undefined;
  const [own, sentence, hint] = refusal;
  return new RigError(own, `${sentence} (${code})`, { hint, cause: error });
}
