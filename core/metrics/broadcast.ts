/** What a run tells of messages that one publishes to all others (`--behaviour broadcast`). */
import { BY_LEG, DURATION_BUCKETS_SECONDS, type MetricSpec } from './spec.ts';

export const BROADCAST_METRICS = {
  deliveryTime: {
    kind: 'histogram',
    name: 'connrig_delivery_seconds',
    labels: BY_LEG,
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'From the moment a published message was planned until a connection has it. Only where one publishes to all others.',
  },
  deliveries: {
    kind: 'counter',
    name: 'connrig_deliveries_total',
    labels: { ...BY_LEG, fate: ['in-time', 'late', 'duplicate', 'disordered'] },
    help: 'Deliveries of published messages, as they came. Disordered ones are in time, too. Only where one publishes to all others.',
  },
  deliveriesAwaited: {
    kind: 'gauge',
    name: 'connrig_deliveries_awaited',
    labels: BY_LEG,
    help: 'Deliveries of published messages that were due and have not come: those that are missing stay. Only where one publishes to all others.',
  },
  broadcastAmplification: {
    kind: 'gauge',
    name: 'connrig_broadcast_amplification_ratio',
    labels: BY_LEG,
    help: "What the target's user memory grew by at the most while messages were published, for each byte of a message and subscriber, at the last level.",
  },
} as const satisfies Record<string, MetricSpec>;
