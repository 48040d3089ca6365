/**
 * What a run tells of what its connections do, and of what befalls them: messages and what became of them, events, episodes.
 * What only one behaviour has lies in a file of its name.
 */

import { STATUS_CLASSES } from '../values/outcomes.ts';
import { BROADCAST_METRICS } from './broadcast.ts';
import { CHURN_METRICS } from './churn.ts';
import { SLOW_METRICS } from './slow.ts';
import { BY_LEG, DURATION_BUCKETS_SECONDS, type MetricSpec, WAIT_BUCKETS_SECONDS } from './spec.ts';
import { STORM_METRICS } from './storm.ts';
import { VANISH_METRICS } from './vanish.ts';

/** Before an episode, the most while it went on, and once the level was whole again. */
export const EPISODE_MOMENTS = ['before', 'peak', 'after'] as const;

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
  ...BROADCAST_METRICS,
  ...SLOW_METRICS,
  ...STORM_METRICS,
  ...VANISH_METRICS,
  ...CHURN_METRICS,
  episodeMemory: {
    kind: 'gauge',
    name: 'connrig_episode_memory_bytes',
    labels: { ...BY_LEG, moment: EPISODE_MOMENTS },
    help: "The target's user memory before connections were cut, read slowly, vanished or were published to, the most meanwhile, and when the level was whole again: of the last such stretch.",
  },
} as const satisfies Record<string, MetricSpec>;
