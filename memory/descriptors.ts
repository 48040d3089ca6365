import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { DescriptorUse } from '../core/values/descriptor-use.ts';

/** Open descriptors of this process now, as the size of their folder; undefined without /proc and before Linux 6.2. */
export const countDescriptors = (): number | undefined => sizeOf('/proc/self/fd');

/**
 * Those in the fullest of this process's descriptor tables: threads may have one of their own. A look at each thread,
 * which takes some microseconds, whatever the number of descriptors.
 */
export function countInFullestTable(): number | undefined {
  try {
    const counts = readdirSync('/proc/self/task').map((thread) => sizeOf(`/proc/self/task/${thread}/fd`) ?? 0);
    return Math.max(...counts) || undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(folder: string): number | undefined {
  try {
    return statSync(folder).size || undefined;
  } catch {
    return undefined;
  }
}

/** The most descriptors this process may have; undefined when unlimited or unknown. */
export function maxDescriptors(): number | undefined {
  const soft = softFileLimit();
  return soft !== undefined && Number.isFinite(soft) ? soft : undefined;
}

/**
 * The same of any process; undefined also for one that is gone.
 *
 * @param pid a process id, or `self`
 */
export function maxDescriptorsOf(pid: number | 'self'): number | undefined {
  try {
    const words = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'));
    return words?.[1] === undefined ? undefined : Number(words[1]);
  } catch {
    return undefined;
  }
}

function softFileLimit(): number | undefined {
  if (process.platform === 'linux') return maxDescriptorsOf('self');
  // Node's own report knows the limits too. It takes about 100 ms, once.
  const report: unknown = process.report?.getReport();
  return softLimitIn(report);
}

function softLimitIn(report: unknown): number | undefined {
  const limits = (report as { userLimits?: { open_files?: { soft?: unknown } } } | undefined)?.userLimits;
  const soft = limits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

export function readDescriptorUse(pids: readonly number[]): DescriptorUse {
  const each = pids.map((pid) => ({ open: sizeOf(`/proc/${pid}/fd`), most: maxDescriptorsOf(pid) }));
  const isKnown = each.length > 0 && each.every(({ most }) => most !== undefined);
  const ratios = each.map(({ open = Number.NaN, most = Number.NaN }) => open / most);
  return {
    maxFds: isKnown ? each.reduce((sum, { most = 0 }) => sum + most, 0) : null,
    highestRatio: ratios.length === 0 || ratios.some(Number.isNaN) ? null : Math.max(...ratios),
  };
}
