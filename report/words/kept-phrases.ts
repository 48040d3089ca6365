import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { isLeak } from '../../core/stats/retained.ts';
import { keepingIn, keepsFiles } from '../fold/kept-memory-kind.ts';
import { bytes, count, decimal, joined, type Phrase, say } from './phrase.ts';

/** What tells whether the next connections use it again; some cycles alone may have scattered too much. */
export const askAgain = ({ low }: { readonly low: number | null }): string =>
  low === null ? '--cycles 3 tells' : 'more --cycles tell';

/** What closed connections leave behind, for the verdict; no words where that is nothing. */
export function keptPhrase(leg: LegSummary, summary: Summary): Phrase {
  const { retained } = leg;
  if (retained === null) return [];
  const keeping = keepingIn(leg);
  const first = bytes(retained.firstCycleBytes ?? retained.bytesPerClosedConnection);
  switch (keeping) {
    case 'nothing':
      return [];
    case 'perhaps-kept':
      // Over several cycles it is the first that keeps the most; the mean stands in the table, with its interval.
      return retained.low === null
        ? say`each closed connection leaves ${first}, kept for the next or leaked: ${askAgain(retained)}`
        : say`each connection that closed in the first cycle left ${first}, kept for the next or leaked: ${askAgain(retained)}`;
    case 'used-again':
      return say`each closed connection leaves ${first}, kept and used again by the next: no leak`;
    default: {
      const doubt = keeping === 'leak' ? '' : `, unless the next connections use it again: ${askAgain(retained)}`;
      const leak = say`each closed connection leaves ${leftOf(leg)}: a leak${doubt}`;
      return joined([leak, gonePhrase(leg, summary)], '; ');
    }
  }
}

/** In files, in the kernel, and in user space: what is shown to grow, and what descriptors that stay take. */
function leftOf(leg: LegSummary): Phrase {
  const { kernel, files, ...user } = leg.retained!;
  const [isOfFiles, isOfUser] = [keepsFiles(leg), isLeak(user)];
  const isOfKernel = kernel !== null && (isLeak(kernel) || (isOfFiles && kernel.low === null));
  const parts = [
    isOfFiles ? filesPhrase(files!.perClosedConnection) : [],
    isOfKernel ? say`${bytes(kernel.bytesPerClosedConnection)} in the kernel` : [],
    isOfUser ? say`${bytes(user.bytesPerClosedConnection)} in user space` : [],
  ].filter((part) => part.length > 0);
  return joined([joined(parts.slice(0, -1), ', '), ...parts.slice(-1)], ' and ');
}

/** `one open file`, `0.25 open files`. */
function filesPhrase(each: number): Phrase {
  const whole = Math.abs(each - Math.round(each)) < 0.005;
  if (whole && Math.round(each) === 1) return say`one open file`;
  return say`${decimal(each, whole ? 0 : 2)} open files`;
}

/** What is used up first, and after how many closes. */
function gonePhrase({ name }: LegSummary, { limiters }: Summary): Phrase {
  const first = limiters.find((limiter) => limiter.leg === name && limiter.unit === 'closed connections');
  if (!first) return [];
  const { what, at, available = 0 } = first;
  return what === 'memory'
    ? say`the memory limit of ${bytes(available)} is reached after ${count(at)} closes`
    : say`${count(available)} open files are taken after ${count(at)} closes`;
}
