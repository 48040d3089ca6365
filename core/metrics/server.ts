/** What the reference server tells of its connections (`connrig serve`). */

import { SCHEMES } from '../protocols/schemes.ts';
import { SERVER_CLOSE_REASONS } from '../values/outcomes.ts';
import { BY_SCHEME, type MetricSpec, NO_LABELS } from './spec.ts';

export const SERVER_METRICS = {
  serverAccepted: {
    kind: 'counter',
    name: 'connrig_server_connections_accepted_total',
    labels: BY_SCHEME,
    help: 'Connections accepted: those handshaking, those open and all that were closed.',
  },
  serverHandshaking: {
    kind: 'gauge',
    name: 'connrig_server_connections_handshaking',
    labels: BY_SCHEME,
    help: 'Connections accepted and not usable yet. Always 0 for tcp.',
  },
  serverOpen: {
    kind: 'gauge',
    name: 'connrig_server_connections_open',
    labels: BY_SCHEME,
    help: 'Connections usable now.',
  },
  serverClosed: {
    kind: 'counter',
    name: 'connrig_server_connections_closed_total',
    labels: { protocol: SCHEMES, reason: SERVER_CLOSE_REASONS },
    help: 'Connections gone after being accepted, by the first cause.',
  },
  serverReceivedBytes: {
    kind: 'counter',
    name: 'connrig_server_received_bytes_total',
    labels: BY_SCHEME,
    help: 'Payload received in messages, without framing and handshakes.',
  },
  serverSentBytes: {
    kind: 'counter',
    name: 'connrig_server_sent_bytes_total',
    labels: BY_SCHEME,
    help: 'Payload handed over for sending in messages, without framing and handshakes.',
  },
  serverMaxConnections: {
    kind: 'gauge',
    name: 'connrig_server_connections_limit',
    labels: NO_LABELS,
    help: 'Connections of all protocols above which the server refuses.',
  },
  serverProcesses: {
    kind: 'gauge',
    name: 'connrig_server_processes',
    labels: NO_LABELS,
    help: 'Processes that hold connections.',
  },
  serverIdleRss: {
    kind: 'gauge',
    name: 'connrig_server_idle_resident_memory_bytes',
    labels: NO_LABELS,
    help: 'Resident memory when the server last had no connection. Absent until it was seen.',
  },
  serverBytesPerConnection: {
    kind: 'gauge',
    name: 'connrig_server_memory_per_connection_bytes',
    labels: NO_LABELS,
    help: 'Resident memory above the idle one, divided by open connections. Absent while none is open.',
  },
} as const satisfies Record<string, MetricSpec>;
