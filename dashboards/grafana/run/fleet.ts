import { lines, stacked } from '../panels.ts';
import { FLEET } from '../queries/fleet.ts';

const third = { width: 8, height: 8 } as const;
const quarter = { width: 6, height: 8 } as const;

/** Workers on other machines, where the run has a fleet. */
export const fleet = [
  stacked({
    title: 'Open by worker',
    description: 'Connections of each worker, as it said last. Only with --fleet.',
    ...third,
    queries: [FLEET.open],
  }),
  lines({
    title: 'Opened by worker',
    description: 'Connections that each worker opens in a second.',
    unit: 'cps',
    ...third,
    queries: [FLEET.opened],
  }),
  lines({
    title: 'Shares',
    description: 'By the state of their lease, and how often one began anew.',
    ...third,
    queries: [FLEET.shares, FLEET.moves],
  }),
  lines({
    title: 'Processor of workers',
    description: 'Seconds a second, of the processes that hold connections.',
    unit: 'short',
    ...quarter,
    queries: [FLEET.cpu],
  }),
  lines({
    title: 'Memory of workers',
    description: 'Resident memory of the processes that hold connections.',
    unit: 'bytes',
    ...quarter,
    queries: [FLEET.memory],
  }),
  lines({
    title: 'Lateness of workers',
    description: "How late the latest hundredth of attempts was by the worker's own fault; since it said something.",
    unit: 's',
    ...quarter,
    queries: [FLEET.lateness, FLEET.unheard],
  }),
  lines({
    title: 'Clocks of workers',
    description: 'How far the time of day is from that of Redis, and how well the worker knows the clock of Redis.',
    unit: 's',
    ...quarter,
    queries: [FLEET.clockOffset, FLEET.clockSpread],
  }),
];
