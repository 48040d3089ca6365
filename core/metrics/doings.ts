/** What a run tells of what its connections do: messages and what became of them, events, peers that vanished. */

import { STATUS_CLASSES } from '../values/outcomes.ts';
import { BY_LEG, DURATION_BUCKETS_SECONDS, type MetricSpec, WAIT_BUCKETS_SECONDS } from './spec.ts';

/** How many of the vanished ones were let go of: half, 99 %, all. */
export const VANISH_SHARES = ['p50', 'p99', 'all'] as const;

export const DOING_METRICS = {
  roundTrip: {
    kind: 'histogram',
    name: 'connrig_round_trip_duration_seconds',
    labels: BY_LEG,
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'From the moment a message or request was planned until its reply is there. Only where connections exchange any.',
  },
  eventGap: {
    kind: 'histogram',
    name: 'connrig_event_gap_seconds',
    labels: BY_LEG,
    buckets: WAIT_BUCKETS_SECONDS,
    help: 'Between two events of one stream; comments are none. Only of event streams.',
  },
  answerHeld: {
    kind: 'histogram',
    name: 'connrig_answer_held_seconds',
    labels: BY_LEG,
    buckets: WAIT_BUCKETS_SECONDS,
    help: 'From a poll to the end of its answer: how long the target held it. Only where connections poll.',
  },
  vanishedConnections: {
    kind: 'gauge',
    name: 'connrig_vanished_connections',
    labels: { ...BY_LEG, fate: ['held', 'let-go'] },
    help: 'Connections whose clients are gone without FIN or RST, by whether the target still has them. Only with --behaviour vanish, while they are looked at.',
  },
  vanishNotice: {
    kind: 'gauge',
    name: 'connrig_vanish_notice_seconds',
    labels: { ...BY_LEG, share: VANISH_SHARES },
    help: 'From when clients were gone until the target had let go of half, 99 % and all of them, in the last launch. Only with --behaviour vanish, once that is known.',
  },
  vanishStillHeld: {
    kind: 'gauge',
    name: 'connrig_vanish_still_held',
    labels: BY_LEG,
    help: 'Connections whose clients were gone that the target still had after --vanish-for, in the last launch. Only with --behaviour vanish.',
  },
  messagesSent: {
    kind: 'counter',
    name: 'connrig_messages_sent_total',
    labels: BY_LEG,
    help: 'Messages sent that the target is to send back, or requests that were due. Only where connections exchange any.',
  },
  replies: {
    kind: 'counter',
    name: 'connrig_replies_total',
    labels: { ...BY_LEG, fate: ['in-time', 'late', 'lost'] },
    help: 'What became of messages and requests. Late: the reply took more than a second. Lost: none came, since the connection closed, or for a request none was free.',
  },
  messagesFromOthers: {
    kind: 'counter',
    name: 'connrig_messages_from_others_total',
    labels: BY_LEG,
    help: 'Messages received that another connection of the run had sent: the target passes them on. No replies. Only where connections exchange messages.',
  },
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
  responses: {
    kind: 'counter',
    name: 'connrig_responses_total',
    labels: { ...BY_LEG, status: STATUS_CLASSES },
    help: 'Requests answered, by the class of the status. Only where connections make requests.',
  },
  heartbeats: {
    kind: 'counter',
    name: 'connrig_heartbeats_sent_total',
    labels: BY_LEG,
    help: 'Heartbeats sent. Only where connections send any.',
  },
} as const satisfies Record<string, MetricSpec>;
