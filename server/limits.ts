import { readdirSync, readFileSync } from 'node:fs';
import { RigError } from '../core/values/errors.ts';
import { humanCount } from '../core/values/units.ts';
import { countDescriptors, maxDescriptors } from '../memory/descriptors.ts';
import { ENDPOINT_LIMITS } from '../telemetry/endpoint.ts';

/** Refused peers that are still being told so; more are told and closed without waiting for their FIN. */
export const MAX_LINGERING = 32;
/** Files opened for a moment (/proc), pipes to the supervisor, and libuv's own reserve. */
const SPARE_DESCRIPTORS = 12;
/** What node itself has open where that can't be counted. */
const USUAL_DESCRIPTORS = 32;

/**
 * How many connections this process can hold so that a descriptor is always left for everything else. That is what
 * keeps libuv from its emergency measure, which accepts a connection and drops it without a word.
 *
 * @param wanted an explicit limit, or undefined for the most possible
 * @throws {RigError} EFILES when `wanted` is more than the descriptors allow
 */
export function connectionLimit(wanted: number | undefined): number {
  const maxFds = maxDescriptors();
  if (maxFds === undefined) return wanted ?? Number.MAX_SAFE_INTEGER;
  const reserve =
    (countDescriptors() ?? listDescriptors() ?? USUAL_DESCRIPTORS) +
    ENDPOINT_LIMITS.connections +
    MAX_LINGERING +
    SPARE_DESCRIPTORS;
  const most = Math.max(0, maxFds - reserve);
  if (most === 0 || (wanted !== undefined && wanted > most)) {
    const needed = (wanted ?? 1) + reserve;
    throw new RigError(
      'EFILES',
      `${humanCount(wanted ?? 1)} connections need ${humanCount(needed)} open files in one process; the limit is ${humanCount(maxFds)}`,
      { hint: `ulimit -n ${needed}` },
    );
  }
  return wanted ?? most;
}

/** Descriptors of this process by listing them, which takes time for each: for the start, when there are few. */
function listDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

/** The longest accept queue the kernel grants; 511, node's own default, where it can't be asked. */
export function longestBacklog(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 511;
  }
}
