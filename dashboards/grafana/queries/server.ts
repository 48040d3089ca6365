/** What the dashboard of a reference server (`connrig serve`), and of a meter beside it, asks. */
import type { HistogramKey } from '../../../core/metrics/catalogue.ts';
import { histogram, metric, type PromQl, promql } from '../../promql.ts';
import { buckets, now, over, perSecond } from '../query.ts';

const at = { instance: { variable: 'server' } } as const;
const beside = { instance: { variable: 'meter' } } as const;

const bytesAboveIdle = promql`${metric('processRss', at)} - ${metric('serverIdleRss', at)}`;
const allOpen = promql`sum without (protocol) (${metric('serverOpen', at)})`;

export const SERVER_QUERIES = {
  info: now(metric('info', { ...at, role: 'serve' }), '{{version}}'),
  openNow: now(metric('serverOpen', at), '{{protocol}}'),
  perConnection: now(metric('serverBytesPerConnection', at)),
  limit: now(metric('serverMaxConnections', at)),
  processes: now(metric('serverProcesses', at)),
  open: over(metric('serverOpen', at), '{{protocol}} open'),
  handshaking: over(metric('serverHandshaking', at), '{{protocol}} handshaking'),
  accepted: over(perSecond(metric('serverAccepted', at)), '{{protocol}}'),
  closed: over(promql`${perSecond(metric('serverClosed', at))} > 0`, '{{protocol}} {{reason}}'),
  received: over(perSecond(metric('serverReceivedBytes', at)), '{{protocol}} received'),
  sent: over(perSecond(metric('serverSentBytes', at)), '{{protocol}} sent'),
  rss: over(metric('processRss', at), 'resident'),
  idle: over(metric('serverIdleRss', at), 'resident, idle'),
  heapUsed: over(metric('heapUsed', at), 'heap used'),
  heapTotal: over(metric('heapTotal', at), 'heap'),
  external: over(metric('external', at), 'external'),
  perConnectionOverTime: over(metric('serverBytesPerConnection', at), 'resident above idle'),
  /** For a chart of one on the other. */
  allOpen: over(allOpen, 'connections'),
  aboveIdle: over(bytesAboveIdle, 'resident above idle'),
  cpu: over(perSecond(metric('processCpu', at)), 'processor'),
  loop: over(perSecond(metric('eventLoopActive', at)), 'main thread busy'),
  gc: over(perSecond(metric('gcSeconds', at)), '{{kind}} collections'),
  gcRuns: over(perSecond(metric('gcRuns', at)), '{{kind}}'),
  loopDelay: buckets(increase('eventLoopDelay', at)),
  fds: over(metric('processOpenFds', at), 'open'),
  fdsLimit: over(metric('processMaxFds', at), 'limit'),
  sockets: over(metric('hostTcpSockets', at), '{{state}}'),
  buffers: over(metric('hostTcpBuffers', at), 'reserved'),
  bufferLimits: over(metric('hostTcpMemoryLimit', at), '{{threshold}}'),
  overflows: over(perSecond(metric('hostListenOverflows', at)), 'accept queue full'),
  drops: over(perSecond(metric('hostListenDrops', at)), 'dropped'),
  scrapes: over(perSecond(metric('scrapeSeconds', at)), 'answering scrapes'),
} as const;

export const METER = {
  missing: now(metric('meterMissing', beside), '{{meter}}'),
  memory: over(metric('targetMemory', beside), '{{component}}'),
  cgroup: over(metric('targetCgroupMemory', beside), '{{component}}'),
  exclusive: now(metric('targetCgroupExclusive', beside)),
  cpu: over(perSecond(metric('targetCpu', beside)), 'processor'),
  processes: over(metric('targetProcesses', beside), 'processes'),
  fds: over(metric('targetOpenFds', beside), 'open'),
  objects: over(metric('kernelObjects', beside), '{{cache}}'),
  objectBytes: over(promql`${metric('kernelObjects', beside)} * ${metric('kernelObjectSize', beside)}`, '{{cache}}'),
  host: over(metric('hostMemory', beside), '{{part}}'),
  readSeconds: over(metric('meterReadSeconds', beside), 'all'),
  answers: over(metric('meterAnswerSeconds', beside), '{{meter}}'),
} as const;

function increase<K extends HistogramKey>(key: K, matchers: Parameters<typeof histogram<K>>[2]): PromQl {
  return promql`sum by (le) (increase(${histogram(key, 'bucket', matchers)}[$__rate_interval]))`;
}
