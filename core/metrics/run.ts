/** What a run tells (`connrig run --metrics`): connections as the client sees them, and how far the run is. */

import { BEHAVIOURS } from '../behaviours/behaviours.ts';
import { STAGES } from '../schemas/leg-summary.ts';
import { TARGET_KINDS } from '../schemas/record.ts';
import { CLOSE_REASONS, OUTCOMES } from '../values/outcomes.ts';
import { PHASES } from '../values/plan.ts';
import { METRIC_STATUSES } from '../values/statuses.ts';
import { DOING_METRICS } from './doings.ts';
import { FLEET_METRICS } from './fleet.ts';
import { BY_LEG, DURATION_BUCKETS_SECONDS, LATENESS_BUCKETS_SECONDS, type MetricSpec, NO_LABELS } from './spec.ts';

const MEMORY_PARTS = ['total', 'user', 'kernel'] as const;

export const RUN_METRICS = {
  connectionsPlanned: {
    kind: 'gauge',
    name: 'connrig_connections_planned',
    labels: BY_LEG,
    help: 'Open connections at the top level of the leg.',
  },
  connectionsTarget: {
    kind: 'gauge',
    name: 'connrig_connections_target',
    labels: BY_LEG,
    help: 'Open connections wanted now: the level of the present phase. 0 before and after the leg.',
  },
  connectionsOpening: {
    kind: 'gauge',
    name: 'connrig_connections_opening',
    labels: BY_LEG,
    help: 'Attempts to open that are under way.',
  },
  connectionsOpen: {
    kind: 'gauge',
    name: 'connrig_connections_open',
    labels: BY_LEG,
    help: 'Connections usable now, seen from the client: opened and not closed.',
  },
  connectionAttempts: {
    kind: 'counter',
    name: 'connrig_connection_attempts_total',
    labels: BY_LEG,
    help: 'Attempts to open a connection that were begun, over all launches: those opening now, and all outcomes.',
  },
  connectionOutcomes: {
    kind: 'counter',
    name: 'connrig_connection_outcomes_total',
    labels: { ...BY_LEG, outcome: OUTCOMES },
    help: 'Attempts to open a connection that ended, by how they did. Outcome open: it became usable.',
  },
  connectionsClosed: {
    kind: 'counter',
    name: 'connrig_connections_closed_total',
    labels: { ...BY_LEG, reason: CLOSE_REASONS },
    help: 'Open connections that closed, by the first cause. All but by-us and by-defence were lost.',
  },
  openDuration: {
    kind: 'histogram',
    name: 'connrig_open_duration_seconds',
    labels: BY_LEG,
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'From the moment the plan called for a connection until it is usable. Our own lateness is in it.',
  },
  openStageDuration: {
    kind: 'histogram',
    name: 'connrig_open_stage_duration_seconds',
    labels: { ...BY_LEG, stage: STAGES },
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'What opening consists of, from the start of an attempt: until TCP is established, until TLS is, until usable. Securing: only where there is TLS.',
  },
  tlsHandshakes: {
    kind: 'counter',
    name: 'connrig_tls_handshakes_total',
    labels: { ...BY_LEG, kind: ['full', 'resumed'] },
    help: 'TLS handshakes that were completed, by whether they took up an earlier session. Only of legs over TLS.',
  },
  tlsObjects: {
    kind: 'gauge',
    name: 'connrig_generator_tls_objects',
    labels: { ...BY_LEG, use: ['handshake', 'kept'] },
    help: "Objects of the TLS library that the client has now: for handshakes under way, and for open connections that can't do without one. Only of legs over TLS.",
  },
  scheduleLag: {
    kind: 'histogram',
    name: 'connrig_schedule_lag_seconds',
    labels: BY_LEG,
    buckets: LATENESS_BUCKETS_SECONDS,
    help: 'How late attempts were begun, whoever was to blame: a slow target fills the window.',
  },
  ...DOING_METRICS,
  messagesReceived: {
    kind: 'counter',
    name: 'connrig_messages_received_total',
    labels: BY_LEG,
    help: 'Messages that came in on open connections, whatever they are: replies, pushes, greetings; answers of http. Absent for tcp, which has no messages.',
  },
  payloadReceived: {
    kind: 'counter',
    name: 'connrig_payload_received_bytes_total',
    labels: BY_LEG,
    help: 'Bytes of messages that came in on open connections, without framing and handshakes; bodies of http.',
  },
  receivedBytes: {
    kind: 'counter',
    name: 'connrig_received_bytes_total',
    labels: BY_LEG,
    help: 'Bytes received from the target, with framing and handshakes.',
  },
  sentBytes: {
    kind: 'counter',
    name: 'connrig_sent_bytes_total',
    labels: BY_LEG,
    help: 'Bytes sent to the target, with framing and handshakes.',
  },
  wireReceivedBytes: {
    kind: 'counter',
    name: 'connrig_wire_received_bytes_total',
    labels: BY_LEG,
    help: 'Bytes received from the target as TCP carried them: with records and handshakes of TLS, where there is TLS.',
  },
  wireSentBytes: {
    kind: 'counter',
    name: 'connrig_wire_sent_bytes_total',
    labels: BY_LEG,
    help: 'Bytes sent to the target as TCP carried them: with records and handshakes of TLS, where there is TLS.',
  },
  runInfo: {
    kind: 'gauge',
    name: 'connrig_run_info',
    labels: { run: 'text', target: TARGET_KINDS, engine: ['uring', 'epoll', 'node'], behaviour: BEHAVIOURS },
    help: 'Always 1: when the run began and its name, as its folder is called by default, and what it is about.',
  },
  runStatus: {
    kind: 'gauge',
    name: 'connrig_run_status',
    labels: { status: METRIC_STATUSES },
    help: 'Is 1 for what the run is or came to, 0 for the others. Invalid: the client was what limited it.',
  },
  runPhase: {
    kind: 'gauge',
    name: 'connrig_run_phase',
    labels: { ...BY_LEG, phase: PHASES },
    help: 'Is 1 for the phase the present leg is in, 0 for its other phases. Absent between legs.',
  },
  runLaunch: {
    kind: 'gauge',
    name: 'connrig_run_launch',
    labels: NO_LABELS,
    help: 'Which launch of the target this is, from 1 up. Absent between legs.',
  },
  runStartTime: {
    kind: 'gauge',
    name: 'connrig_run_start_time_seconds',
    labels: NO_LABELS,
    help: 'When the run began, in seconds since the unix epoch.',
  },
  runTimeLeft: {
    kind: 'gauge',
    name: 'connrig_run_time_left_seconds',
    labels: NO_LABELS,
    help: 'Until the run is over, roughly. 0 when it is.',
  },
  runWarnings: {
    kind: 'counter',
    name: 'connrig_run_warnings_total',
    labels: NO_LABELS,
    help: 'Warnings in events.jsonl of the run folder.',
  },
  runMemoryLimit: {
    kind: 'gauge',
    name: 'connrig_run_memory_limit_bytes',
    labels: NO_LABELS,
    help: "Memory the capacity is planned for: --memory-limit, or what the run's machine or its container has.",
  },
  memoryPoints: {
    kind: 'counter',
    name: 'connrig_memory_points_total',
    labels: BY_LEG,
    help: 'Levels at which memory was read while all connections were open, over all launches.',
  },
  levelConnections: {
    kind: 'gauge',
    name: 'connrig_level_connections',
    labels: BY_LEG,
    help: 'Connections at the last level at which memory was read.',
  },
  levelMemory: {
    kind: 'gauge',
    name: 'connrig_level_memory_bytes',
    labels: { ...BY_LEG, part: MEMORY_PARTS },
    help: "The target's memory at that level, garbage collected where it can do that. User is absolute, kernel its growth.",
  },
  memoryPerConnection: {
    kind: 'gauge',
    name: 'connrig_memory_per_connection_bytes',
    labels: { ...BY_LEG, part: MEMORY_PARTS, bound: ['estimate', 'low', 'high'] },
    help: 'What one more connection costs the target, with a 95 % interval, by the levels so far. Absent below three.',
  },
  generatorSaturated: {
    kind: 'gauge',
    name: 'connrig_generator_saturated',
    labels: NO_LABELS,
    help: 'Is 1 once the client was what limited the run, by the rules of the report; else 0.',
  },
  generatorOpenFds: {
    kind: 'gauge',
    name: 'connrig_generator_open_fds',
    labels: NO_LABELS,
    help: "Open files in the fullest of the client's descriptor tables, each of which may have process_max_fds.",
  },
  ...FLEET_METRICS,
} as const satisfies Record<string, MetricSpec>;
