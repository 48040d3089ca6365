/** What a run over several machines tells of its workers (`connrig run --fleet`). */

import { LEASES } from '../schemas/share-state.ts';
import { type MetricSpec, NO_LABELS } from './spec.ts';

/** A host may have several workers; each has a name of its own in its fleet. */
const BY_WORKER = { host: 'worker', worker: 'worker' } as const;

export const FLEET_METRICS = {
  fleetShares: {
    kind: 'gauge',
    name: 'connrig_fleet_shares',
    labels: { lease: LEASES },
    help: 'Shares of the leg under way by the state of their lease. Held: its worker says so. Unheard: that has said nothing for 5 s. Moving: it has let go, and nobody has counted anything since. Only with --fleet.',
  },
  fleetMoves: {
    kind: 'counter',
    name: 'connrig_fleet_share_moves_total',
    labels: NO_LABELS,
    help: 'Shares that began anew, on another worker or on the same one. Only with --fleet.',
  },
  fleetOpen: {
    kind: 'gauge',
    name: 'connrig_fleet_connections_open',
    labels: BY_WORKER,
    help: 'Connections of a worker that are open, as it said last. Absent while it has no share. Only with --fleet.',
  },
  fleetOpened: {
    kind: 'counter',
    name: 'connrig_fleet_connections_opened_total',
    labels: BY_WORKER,
    help: 'Connections that a worker has opened, over all legs and launches. Only with --fleet.',
  },
  fleetLateness: {
    kind: 'gauge',
    name: 'connrig_fleet_lateness_seconds',
    labels: BY_WORKER,
    help: "By how much the latest hundredth of a worker's attempts was late although there was room in the window: its own fault. Only with --fleet.",
  },
  fleetCpu: {
    kind: 'counter',
    name: 'connrig_fleet_cpu_seconds_total',
    labels: BY_WORKER,
    help: 'Processor time of the processes of a worker that held connections, over all legs and launches. Only with --fleet.',
  },
  fleetRss: {
    kind: 'gauge',
    name: 'connrig_fleet_resident_memory_bytes',
    labels: BY_WORKER,
    help: 'Resident memory of the process of a worker that holds connections. Absent while it has no share. Only with --fleet.',
  },
  fleetHeard: {
    kind: 'gauge',
    name: 'connrig_fleet_unheard_seconds',
    labels: BY_WORKER,
    help: 'Since a worker that has a share said something last; it does each second. Only with --fleet.',
  },
  fleetClockOffset: {
    kind: 'gauge',
    name: 'connrig_fleet_clock_offset_seconds',
    labels: BY_WORKER,
    help: "What is to be added to the time of day on a worker's machine to have that of Redis. Nothing depends on it. Only with --fleet.",
  },
  fleetClockSpread: {
    kind: 'gauge',
    name: 'connrig_fleet_clock_spread_seconds',
    labels: BY_WORKER,
    help: 'How well a worker knows the clock of Redis, by which ramps begin: to within half of this. Only with --fleet.',
  },
} as const satisfies Record<string, MetricSpec>;
