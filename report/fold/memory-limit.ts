import { z } from 'zod';
import type { Readings } from '../../core/schemas/readings.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { RunRecord } from './read-run.ts';

export type MemoryLimit = NonNullable<Summary['target']['memoryLimit']>;

/** What was asked for; a record may come from a version that knew no such option. */
const Settings = z.object({ memoryLimitBytes: z.number().optional() });

/**
 * The memory that the target may take, for the capacity. It is what was asked for, else the least of its machine's memory
 * and the limit of its memory cgroup, as it was last read. The target's own, wherever it is: what the client's machine or
 * container has is no limit of a target elsewhere.
 *
 * @returns null where nobody tells
 */
export function memoryLimitOf({ run, samples }: Pick<RunRecord, 'run' | 'samples'>): MemoryLimit | null {
  const { memoryLimitBytes } = Settings.parse(run.config);
  if (memoryLimitBytes !== undefined) return { bytes: memoryLimitBytes, basis: 'asked', machineBytes: null };
  const points = samples.flatMap((sample) => (sample.type === 'memory' ? [sample.readings] : []));
  const cgroup = last(points, (readings) => readings.cgroup);
  const { environment } = run;
  if (isHere(run)) {
    // A target whose cgroup isn't known lives by the limits that we do.
    return cgroup === undefined
      ? least(environment.memoryLimitBytes, null)
      : least(environment.memoryBytes, cgroup.limitBytes);
  }
  const host = last(points, (readings) => readings.remote?.host ?? null);
  // Not `limitBytes` of that host: it is what the meter there may take.
  return host === undefined ? null : least(host.totalBytes, cgroup?.limitBytes ?? null);
}

/** The target's process, or at least its end of the connections, is on the machine that the client is on. */
export const isHere = ({ target, generator }: RunFile): boolean =>
  ['builtin', 'command', 'pid'].includes(target.kind) || generator.legs.some(({ targetIsLocal }) => targetIsLocal);

const least = (machineBytes: number, cgroupBytes: number | null): MemoryLimit =>
  cgroupBytes !== null && cgroupBytes < machineBytes
    ? { bytes: cgroupBytes, basis: 'cgroup', machineBytes }
    : { bytes: machineBytes, basis: 'machine', machineBytes };

/** The last answer there was: a limit may be changed while a run goes on. */
function last<T>(points: readonly Readings[], pick: (readings: Readings) => T | null): T | undefined {
  for (const readings of points.toReversed()) {
    const answer = pick(readings);
    if (answer !== null) return answer;
  }
  return undefined;
}
