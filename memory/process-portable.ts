import pidusage from 'pidusage';
import type { ProcessTree } from '../core/schemas/readings.ts';
import { Missing } from './meter.ts';

/** Where there is no /proc: RSS and processor time of the given processes, without their descendants. */
export async function readPortableTree(pids: readonly number[]): Promise<ProcessTree> {
  const usage = await pidusage([...pids]).catch((error: unknown) => {
    throw new Missing(`process ${pids.join(', ')}: ${error instanceof Error ? error.message : String(error)}`);
  });
  let [rssBytes, cpuMs] = [0, 0];
  for (const pid of pids) {
    const one = usage[pid];
    if (!one) throw new Missing(`process ${pid} is gone`);
    rssBytes += one.memory;
    cpuMs += one.ctime;
  }
  return {
    pids: [...pids],
    rssBytes,
    pssBytes: null,
    anonBytes: null,
    ussBytes: null,
    swapBytes: null,
    pageTablesBytes: null,
    descriptorSlots: null,
    openFiles: null,
    hasEpoll: null,
    threads: null,
    cpuSeconds: cpuMs / 1000,
  };
}
