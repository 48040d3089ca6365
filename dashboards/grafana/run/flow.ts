import { heatmap, lines, states } from '../panels.ts';
import { LATENCY, LIFECYCLE } from '../queries/run.ts';

const third = { width: 8, height: 8 } as const;

/** Connections as they come and go. */
export const lifecycle = [
  states({
    title: 'Phases',
    description: 'Warm-up, baseline, then ramp, settle and hold at each level, drain, retained, burst.',
    width: 24,
    height: 8,
    queries: [LIFECYCLE.phases],
  }),
  lines({
    title: 'Connections',
    description: 'Wanted, opening and open, as the client sees them.',
    ...third,
    queries: [LIFECYCLE.target, LIFECYCLE.open, LIFECYCLE.opening],
  }),
  lines({
    title: 'Attempts',
    description: 'Begun, and how they ended.',
    unit: 'cps',
    ...third,
    queries: [LIFECYCLE.attempts, LIFECYCLE.outcomes],
  }),
  lines({
    title: 'Closed',
    description: 'By the first cause. All but by-us were lost.',
    unit: 'cps',
    ...third,
    queries: [LIFECYCLE.closed],
  }),
  lines({
    title: 'Bytes',
    description: 'With framing and handshakes; on the wire with those of TLS.',
    unit: 'binBps',
    width: 16,
    height: 6,
    queries: [LIFECYCLE.received, LIFECYCLE.sent, LIFECYCLE.wireReceived, LIFECYCLE.wireSent],
  }),
  lines({
    title: 'TLS handshakes',
    description: 'Completed: first visits, and those that took up an earlier session.',
    unit: 'cps',
    width: 8,
    height: 6,
    queries: [LIFECYCLE.handshakes],
  }),
  lines({
    title: 'Messages received by each',
    description: 'For each open connection: replies, answers of http, and what nobody asked for. tcp has no messages.',
    unit: 'mps',
    width: 12,
    height: 6,
    queries: [LIFECYCLE.messagesEach],
  }),
  lines({
    title: 'Payload received by each',
    description: 'Bytes of messages, without framing, for each open connection.',
    unit: 'binBps',
    width: 12,
    height: 6,
    queries: [LIFECYCLE.payloadEach],
  }),
];

/** How long it takes them to open, messages to come back, and requests to be answered. */
export const latency = [
  heatmap({
    title: 'Time to open',
    description: 'From the moment the plan called for a connection.',
    unit: 's',
    ...third,
    queries: [LATENCY.open],
  }),
  lines({
    title: 'Time to open',
    description: 'Quantiles by buckets, which double: up to a factor of 2 above the truth.',
    unit: 's',
    ...third,
    queries: [LATENCY.openMedian, LATENCY.openTail],
  }),
  lines({
    title: 'Stages of opening',
    description: 'Until TCP is established, until TLS is, until usable: medians by buckets.',
    unit: 's',
    ...third,
    queries: [LATENCY.stages],
  }),
  heatmap({
    title: 'Round trips',
    description: 'From the moment a message was planned. Only with --behaviour echo or request.',
    unit: 's',
    ...third,
    queries: [LATENCY.roundTrip],
  }),
  lines({
    title: 'Round trips',
    description: 'Quantiles by buckets.',
    unit: 's',
    ...third,
    queries: [LATENCY.roundTripMedian, LATENCY.roundTripTail],
  }),
  lines({
    title: 'Messages',
    description: 'Sent, and what became of them; from others; answers by status; heartbeats.',
    unit: 'mps',
    ...third,
    queries: [LATENCY.messages, LATENCY.replies, LATENCY.fromOthers, LATENCY.responses, LATENCY.heartbeats],
  }),
  lines({
    title: 'Events and polls',
    description: 'Time between two events of a stream, and how long answers to polls were held: quantiles by buckets.',
    unit: 's',
    width: 24,
    height: 6,
    queries: [LATENCY.eventGapMedian, LATENCY.eventGapTail, LATENCY.answerHeldMedian, LATENCY.answerHeldTail],
  }),
];
