import type { MetricKey } from '../core/metrics.ts';
import { SERVER_CLOSE_REASONS } from '../core/outcomes.ts';
import { PROTOCOLS } from '../core/protocols.ts';
import { readSockstat } from '../memory/sockstat.ts';
import { createTelemetry, type Recorder, type Telemetry } from '../telemetry/registry.ts';
import { liveOf, sumCensusOf } from './overview.ts';
import type { Snapshot } from './part.ts';

const EXPOSED = [
  'serverAccepted',
  'serverHandshaking',
  'serverOpen',
  'serverClosed',
  'serverReceivedBytes',
  'serverSentBytes',
  'serverMaxConnections',
  'serverProcesses',
  'serverIdleRss',
  'serverBytesPerConnection',
  'hostTcpSockets',
  'hostTcpBuffers',
  'processRss',
  'processCpu',
  'processOpenFds',
  'processMaxFds',
  'processStartTime',
  'heapUsed',
  'heapTotal',
  'external',
] as const satisfies readonly MetricKey[];
type Exposed = (typeof EXPOSED)[number];

/** @param read snapshots of all parts, taken anew at each scrape */
export function serverTelemetry(read: () => Promise<Snapshot[]>): Telemetry {
  return createTelemetry(EXPOSED, async (record) => {
    const parts = await read();
    recordCensus(record, parts);
    recordMemory(record, parts);
    await recordHost(record);
    record('processStartTime', performance.timeOrigin / 1000);
  });
}

function recordCensus(record: Recorder<Exposed>, parts: readonly Snapshot[]): void {
  const census = sumCensusOf(parts);
  for (const protocol of PROTOCOLS) {
    const of = census[protocol];
    record('serverAccepted', of.accepted, { protocol });
    record('serverHandshaking', of.handshaking, { protocol });
    record('serverOpen', of.open, { protocol });
    for (const reason of SERVER_CLOSE_REASONS) record('serverClosed', of.closed[reason], { protocol, reason });
    record('serverReceivedBytes', of.bytesIn, { protocol });
    record('serverSentBytes', of.bytesOut, { protocol });
  }
  record('serverMaxConnections', sumOf(parts, 'maxConnections'));
  record('serverProcesses', parts.length);
}

function recordMemory(record: Recorder<Exposed>, parts: readonly Snapshot[]): void {
  const live = liveOf(parts);
  record('serverIdleRss', live.idleRssBytes);
  record('serverBytesPerConnection', live.bytesPerConnection);
  record('processCpu', sumOf(parts, 'cpuSeconds'));
  record('processOpenFds', sumOf(parts, 'openFds'));
  record('processMaxFds', sumOf(parts, 'maxFds'));
  const memory = parts.map((part) => part.memory);
  record('processRss', sumOf(memory, 'rssBytes'));
  record('heapUsed', sumOf(memory, 'heapUsedBytes'));
  record('heapTotal', sumOf(memory, 'heapTotalBytes'));
  record('external', sumOf(memory, 'externalBytes'));
}

async function recordHost(record: Recorder<Exposed>): Promise<void> {
  const sockets = await readSockstat();
  record('hostTcpSockets', sockets?.tcpInUse, { state: 'inuse' });
  record('hostTcpSockets', sockets?.tcpAlloc, { state: 'alloc' });
  record('hostTcpSockets', sockets?.tcpOrphan, { state: 'orphan' });
  record('hostTcpSockets', sockets?.tcpTimeWait, { state: 'time-wait' });
  record('hostTcpBuffers', sockets?.tcpMemBytes);
}

/** Unknown in one part makes the sum unknown. */
function sumOf<K extends string>(parts: readonly Readonly<Record<K, number | null>>[], key: K): number | null {
  let sum = 0;
  for (const part of parts) {
    const value = part[key];
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
