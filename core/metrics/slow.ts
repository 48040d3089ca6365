/** What a run tells of connections that read slowly (`--behaviour slow`). */
import { BY_LEG, type MetricSpec } from './spec.ts';

/** At which end something waits. */
export const QUEUE_ENDS = ['target', 'client'] as const;

export const SLOW_METRICS = {
  slowConnections: {
    kind: 'gauge',
    name: 'connrig_slow_connections',
    labels: BY_LEG,
    help: 'Open connections that read slowly now. Only with --behaviour slow.',
  },
  slowQueued: {
    kind: 'gauge',
    name: 'connrig_slow_queued_bytes',
    labels: { ...BY_LEG, end: QUEUE_ENDS },
    help: 'What waits in the kernel in exactly the sockets of slow connections, by the end that has it. Only with --behaviour slow, while they read slowly and can be listed.',
  },
  slowQueueMemory: {
    kind: 'gauge',
    name: 'connrig_slow_queue_memory_bytes',
    labels: { ...BY_LEG, end: QUEUE_ENDS },
    help: 'What the kernel has allocated for that: with the buffers it lies in. Only with --behaviour slow, while they read slowly and can be listed.',
  },
  slowHeldBack: {
    kind: 'counter',
    name: 'connrig_slow_messages_held_back_total',
    labels: BY_LEG,
    help: 'Messages and requests that were to be sent on slow connections and were not, since the target took no more. Only with --behaviour slow.',
  },
  slowMemoryEach: {
    kind: 'gauge',
    name: 'connrig_slow_memory_per_connection_bytes',
    labels: {
      ...BY_LEG,
      part: ['user', 'queued-at-target', 'queued-at-client', 'allocated-at-target', 'allocated-at-client'],
    },
    help: "What one slow connection took at the end of the episode, in the last launch: growth of the target's user memory, what waited in the kernel, and what that had allocated. Only with --behaviour slow.",
  },
} as const satisfies Record<string, MetricSpec>;
