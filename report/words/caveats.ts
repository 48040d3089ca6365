import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { SizeBy } from '../../core/values/sizing-plan.ts';
import { settingsOf } from '../fold/capacity.ts';
import { isHere } from '../fold/memory-limit.ts';
import { bytes, count, joined, type Part, percent, say } from './phrase.ts';
import { tlsCaveats } from './tls-phrases.ts';

/** How it was measured and what it doesn't show, in plain words; what doesn't go for this run is left out. */
export function caveatsOf(run: RunFile, { legs, sizing }: Summary): Part[] {
  const costs = legs.filter(({ perConnection }) => perConnection !== null);
  const isCollected = costs.some(({ perConnection }) => perConnection?.components.heapUsed != null);
  const hasKernel = costs.some(({ perConnection }) => perConnection?.kernel);
  const { sizeBy } = settingsOf(run);
  const bursts = legs.filter(({ burst }) => burst !== null);
  const all: Array<Part | false> = [
    'What one more connection costs is the slope of memory over several levels of connections held still. It is not memory divided by connections, which would spread the empty process over them.',
    'Intervals are of 95 %: the truth lies outside one time in twenty, by chance alone. They know how the levels scatter, not what is different on another machine, kernel or version.',
    run.plan.launches > 1 && say`Intervals of the cost are over ${count(run.plan.launches)} launches of the target.`,
    isCollected &&
      'Garbage was collected before memory was read, so the cost is that at rest. While many connections come at once more is needed for a while.',
    costs.length > 0 &&
      !isCollected &&
      "The target's garbage, if it has any, could not be collected: what lay about at the moment of reading counts as cost.",
    bursts.length > 0 &&
      say`All connections at once, as after a restart, took ${joined(
        bursts.map(
          ({ name, burst }) =>
            say`${bytes(burst!.userBytesPerConnection)} of user memory for each of ${count(burst!.open)} (${name})`,
        ),
        ' and ',
      )} before any collection.`,
    ...legs.flatMap(tlsCaveats),
    ...bursts.flatMap((leg) => reconnectingCaveat(leg, sizeBy, sizing !== null)),
    hasKernel &&
      "The kernel's part is that of the target's end alone: socket, file, epoll entry and what is queued, counted by number and size of the kernel's objects. A peer on the same machine takes as much again.",
    costs.some(({ perConnection }) => perConnection?.isKernelEstimated) &&
      "Sizes of the kernel's objects are estimated from its own type information, since only root may list them. The interval has in it what that leaves open: notes of security modules.",
    costs.length > 0 &&
      !hasKernel &&
      "The kernel's part could not be read. For an idle TCP connection it is about as large as a small server's own.",
    sizing !== null &&
      say`A capacity is the largest number of connections whose upper bound of prediction fits into the memory less ${percent(sizing.headroomPercent)}. Up to twice the top level that has been checked on many servers; beyond, it takes for granted that nothing changes on the way, such as a table that doubles.`,
    sizing !== null &&
      'Memory alone is sized here. Processor time, network and what an application keeps for a user who is logged in come on top, unless the target did all that while it was measured.',
    sizing !== null &&
      settingsOf(run).headroomPercent === 0 &&
      'Nothing is kept free: garbage and bursts have no room.',
    isHere(run) && 'Client and target ran on one machine: they shared its processors, and times contain that.',
    'Times are counted from the moment the plan called for, so a client or target that falls behind shows.',
  ];
  return all.filter((one): one is Part => one !== false);
}

/** Two costs, two capacities: which one was planned by, and what of it is extrapolated. */
function reconnectingCaveat({ name, burst }: LegSummary, sizeBy: SizeBy, isSized: boolean): Part[] {
  const beyond = burst?.beyondRestBytes ?? null;
  if (burst === null || beyond === null || !isSized) return [];
  if (beyond <= 0) {
    return [
      say`${name}: while everybody reconnects a connection takes no more than at rest, so one capacity goes for both.`,
    ];
  }
  const which =
    sizeBy === 'dearer'
      ? 'Capacity is planned by that: --size-by rest plans by the cost at rest'
      : 'Capacity is planned by the cost at rest (--size-by rest), so the headroom has to hold the difference';
  return [
    say`${name}: while everybody reconnects a connection takes ${bytes(beyond)} more than at rest, user and kernel memory together. That is one reading, at ${count(burst.open)} connections, and is taken to be as much for each of any number. ${which}.`,
  ];
}
