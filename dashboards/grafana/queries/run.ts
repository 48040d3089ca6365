/** What the dashboard of one run asks. */
import { KERNEL_COMPONENTS } from '../../../core/ledger/kernel-rows.ts';
import { PROTOCOLS, type ProtocolName } from '../../../core/protocols/names.ts';
import { histogram, metric, type PromQl, promql, recorded } from '../../promql.ts';
import { buckets, last, now, over, perSecond } from '../query.ts';

const run = { variable: 'run' } as const;
/** Series of the process that is the chosen run, at the moments when it is. */
const ofRun = (series: PromQl): PromQl => promql`${series} and on (job, instance) ${metric('runInfo', { run })}`;
const quantile = (q: number, key: 'openDuration' | 'roundTrip' | 'scheduleLag'): PromQl =>
  promql`histogram_quantile(${q}, sum by (protocol, le) (${ofRun(perSecond(histogram(key, 'bucket')))}))`;
const increases = (key: 'openDuration' | 'roundTrip' | 'scheduleLag' | 'eventLoopDelay'): PromQl =>
  promql`sum by (le) (${ofRun(promql`increase(${histogram(key, 'bucket')}[$__rate_interval])`)})`;

export const VERDICT = {
  status: now(promql`${last(recorded('status', { run }))} == 1`, '{{status}}'),
  phase: now(promql`${ofRun(metric('runPhase'))} == 1`, '{{protocol}} {{phase}}'),
  timeLeft: now(ofRun(metric('runTimeLeft'))),
  peak: now(promql`max_over_time(${recorded('open', { run })}[$__range])`, '{{protocol}}'),
  planned: now(last(recorded('planned', { run })), '{{protocol}} planned'),
  failed: now(last(recorded('failed', { run })), '{{protocol}}'),
  lost: now(last(recorded('lost', { run })), '{{protocol}}'),
  cost: now(last(recorded('cost', { run, part: 'total', bound: 'estimate' })), '{{protocol}}'),
  costBounds: now(last(recorded('cost', { run, part: 'total', bound: ['low', 'high'] })), '{{protocol}} {{bound}}'),
  costParts: now(last(recorded('cost', { run, part: ['user', 'kernel'], bound: 'estimate' })), '{{protocol}} {{part}}'),
  leastSquares: now(last(recorded('slope', { run, part: 'total' })), '{{protocol}}'),
  withinLimit: now(last(recorded('connectionsWithinLimit', { run })), '{{protocol}}'),
  memoryAtPlan: now(last(recorded('memoryAtPlan', { run })), '{{protocol}}'),
  memoryLimit: now(last(recorded('memoryLimit', { run }))),
  openMedian: now(last(recorded('openMedian', { run })), '{{protocol}} p50'),
  openTail: now(last(recorded('openTail', { run })), '{{protocol}} p99'),
  saturated: now(last(recorded('saturated', { run }))),
  warnings: now(last(recorded('warnings', { run }))),
} as const;

/** Readings at levels, and the line: for each protocol x, y of each part, and the line's y at each x. */
export const POINTS = Object.fromEntries(
  PROTOCOLS.map((protocol) => {
    const at = { run, protocol } as const;
    const total = { ...at, part: 'total' } as const;
    const point = (series: PromQl): PromQl => promql`last_over_time(${series}[$__interval])`;
    /** The line as it stands at the end of what is shown. */
    const final = (key: 'slope' | 'intercept'): PromQl =>
      promql`last_over_time(${recorded(key, total)}[$__range] @ end())`;
    const open = point(recorded('pointConnections', total));
    return [
      protocol,
      {
        open: over(open, `${protocol} connections`),
        total: over(point(recorded('pointMemory', total)), `${protocol} total`),
        user: over(point(recorded('pointMemory', { ...at, part: 'user' })), `${protocol} user`),
        kernel: over(point(recorded('pointMemory', { ...at, part: 'kernel' })), `${protocol} kernel`),
        line: over(promql`${final('slope')} * ${open} + ${final('intercept')}`, `${protocol} least squares`),
      },
    ];
  }),
) as Record<ProtocolName, Record<'open' | 'total' | 'user' | 'kernel' | 'line', ReturnType<typeof over>>>;

export const MEMORY = {
  components: over(ofRun(metric('targetLedger')), '{{component}}'),
  unexplained: over(ofRun(metric('targetUnexplained')), 'unexplained'),
  connections: over(ofRun(metric('connectionsOpen')), '{{protocol}} connections'),
  cost: over(recorded('cost', { run, part: 'total' }), '{{protocol}} {{bound}}'),
  slope: over(recorded('slope', { run, part: 'total' }), '{{protocol}} least squares'),
  process: over(ofRun(metric('targetMemory')), '{{component}}'),
  cgroup: over(ofRun(metric('targetCgroupMemory')), '{{component}}'),
} as const;

export const LIFECYCLE = {
  phases: over(promql`${ofRun(metric('runPhase'))} == 1`, '{{protocol}} {{phase}}'),
  target: over(ofRun(metric('connectionsTarget')), '{{protocol}} wanted'),
  open: over(ofRun(metric('connectionsOpen')), '{{protocol}} open'),
  opening: over(ofRun(metric('connectionsOpening')), '{{protocol}} opening'),
  attempts: over(ofRun(perSecond(metric('connectionAttempts'))), '{{protocol}} begun'),
  outcomes: over(promql`${ofRun(perSecond(metric('connectionOutcomes')))} > 0`, '{{protocol}} {{outcome}}'),
  closed: over(promql`${ofRun(perSecond(metric('connectionsClosed')))} > 0`, '{{protocol}} {{reason}}'),
  received: over(ofRun(perSecond(metric('receivedBytes'))), '{{protocol}} received'),
  sent: over(ofRun(perSecond(metric('sentBytes'))), '{{protocol}} sent'),
} as const;

export const LATENCY = {
  open: buckets(increases('openDuration')),
  openMedian: over(quantile(0.5, 'openDuration'), '{{protocol}} p50'),
  openTail: over(quantile(0.99, 'openDuration'), '{{protocol}} p99'),
  roundTrip: buckets(increases('roundTrip')),
  roundTripMedian: over(quantile(0.5, 'roundTrip'), '{{protocol}} p50'),
  roundTripTail: over(quantile(0.99, 'roundTrip'), '{{protocol}} p99'),
  messages: over(ofRun(perSecond(metric('messagesSent'))), '{{protocol}} sent'),
  replies: over(ofRun(perSecond(metric('replies'))), '{{protocol}} {{fate}}'),
  responses: over(promql`${ofRun(perSecond(metric('responses')))} > 0`, '{{protocol}} {{status}}'),
  fromOthers: over(ofRun(perSecond(metric('messagesFromOthers'))), '{{protocol}} from others'),
  heartbeats: over(ofRun(perSecond(metric('heartbeats'))), '{{protocol}} heartbeats'),
} as const;

const kernelRows = ofRun(metric('targetLedger', { component: KERNEL_COMPONENTS }));
const openInAll = promql`sum by (job, instance) (${metric('connectionsOpen')})`;

export const KERNEL = {
  sockets: over(ofRun(metric('hostTcpSockets')), '{{state}}'),
  buffers: over(ofRun(metric('hostTcpBuffers')), 'reserved'),
  bufferLimits: over(ofRun(metric('hostTcpMemoryLimit')), '{{threshold}}'),
  rows: over(kernelRows, '{{component}}'),
  rowsEach: over(promql`${kernelRows} / on (job, instance) group_left () (${openInAll} > 0)`, '{{component}}'),
  overflows: over(ofRun(perSecond(metric('hostListenOverflows'))), 'accept queue full'),
  drops: over(ofRun(perSecond(metric('hostListenDrops'))), 'dropped'),
  host: over(ofRun(metric('hostMemory')), '{{part}}'),
} as const;

export const RUNTIME = {
  cpu: over(ofRun(perSecond(metric('targetCpu'))), 'processor'),
  processes: over(ofRun(metric('targetProcesses')), 'processes'),
  fds: over(ofRun(metric('targetOpenFds')), 'open'),
  fdsRatio: over(ofRun(metric('targetFdsRatio')), 'of the limit'),
} as const;

export const GENERATOR = {
  saturated: over(ofRun(metric('generatorSaturated')), 'saturated'),
  lag: buckets(increases('scheduleLag')),
  lagTail: over(quantile(0.99, 'scheduleLag'), '{{protocol}} p99'),
  cpu: over(ofRun(perSecond(metric('processCpu'))), 'processor'),
  loop: over(ofRun(perSecond(metric('eventLoopActive'))), 'main thread busy'),
  gc: over(ofRun(perSecond(metric('gcSeconds'))), '{{kind}} collections'),
  loopDelay: buckets(increases('eventLoopDelay')),
  rss: over(ofRun(metric('processRss')), 'resident'),
  heapUsed: over(ofRun(metric('heapUsed')), 'heap used'),
  heapTotal: over(ofRun(metric('heapTotal')), 'heap'),
  external: over(ofRun(metric('external')), 'external'),
  fds: over(ofRun(metric('generatorOpenFds')), 'fullest table'),
  fdsLimit: over(ofRun(metric('processMaxFds')), 'limit'),
  meters: over(ofRun(metric('meterReadSeconds')), 'reading all'),
  scrapes: over(promql`${ofRun(perSecond(metric('scrapeSeconds')))}`, 'answering scrapes'),
} as const;
