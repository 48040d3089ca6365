import { USER_COMPONENTS, userRows } from '../core/ledger/ledger.ts';
import { listKeys } from '../core/metrics/catalogue.ts';
import { HOST_MEMORY_METRICS, SOCKET_METRICS } from '../core/metrics/host.ts';
import { OWN_METRICS } from '../core/metrics/process.ts';
import { SERVER_METRICS } from '../core/metrics/server.ts';
import { LEDGER_METRICS, TREE_METRICS } from '../core/metrics/target.ts';
import { SCHEMES } from '../core/protocols/schemes.ts';
import { SERVER_CLOSE_REASONS } from '../core/values/outcomes.ts';
import { sumCosts } from '../core/values/process-costs.ts';
import { readHost } from '../memory/host.ts';
import { readKernelSockets } from '../memory/kernel-sockets.ts';
import { recordHost, recordSockets } from '../telemetry/host-metrics.ts';
import { recordProcess } from '../telemetry/process-metrics.ts';
import { createTelemetry, type MetricRecorder, type Telemetry } from '../telemetry/registry.ts';
import type { ServerSnapshot } from './server-process.ts';
import { liveOf, sumCensusOf } from './totals.ts';

export const SERVER_KEYS = listKeys({
  ...SERVER_METRICS,
  targetMemory: TREE_METRICS.targetMemory,
  targetLedger: LEDGER_METRICS.targetLedger,
  ...SOCKET_METRICS,
  ...HOST_MEMORY_METRICS,
  ...OWN_METRICS,
});
type Exposed = (typeof SERVER_KEYS)[number];

/** @param read snapshots of all parts, taken anew at each scrape */
export function serverTelemetry(read: () => Promise<ServerSnapshot[]>, version: string): Telemetry {
  return createTelemetry(SERVER_KEYS, async (record) => {
    const [parts, host] = await Promise.all([read(), readHost().catch(() => null)]);
    const memory = parts.map((part) => part.memory);
    recordCensus(record, parts);
    recordMemory(record, parts);
    recordProcess(record, { role: 'serve', version }, memory, sumCosts(parts.map(({ costs }) => costs)));
    recordSockets(record, readKernelSockets());
    recordHost(record, host);
  });
}

function recordCensus(record: MetricRecorder<Exposed>, parts: readonly ServerSnapshot[]): void {
  const census = sumCensusOf(parts);
  for (const protocol of SCHEMES) {
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

/** Memory of the server itself, which is what is measured. What its connections take in the kernel, it can't see. */
function recordMemory(record: MetricRecorder<Exposed>, parts: readonly ServerSnapshot[]): void {
  const live = liveOf(parts);
  record('serverIdleRss', live.idleRssBytes);
  record('serverBytesPerConnection', live.bytesPerConnection);
  const anonBytes = sumOf(parts, 'anonBytes');
  const memory = parts.map((part) => part.memory);
  record('targetMemory', anonBytes, { component: 'anon' });
  record('targetMemory', sumOf(memory, 'rssBytes'), { component: 'rss' });
  if (anonBytes === null) return;
  const rows = userRows(memory, anonBytes);
  for (const component of USER_COMPONENTS) record('targetLedger', rows[component], { component });
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
