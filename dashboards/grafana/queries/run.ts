/** What the dashboard of one run asks. */
import { KERNEL_COMPONENTS } from '../../../core/ledger/kernel-rows.ts';
import { SCHEMES, type SchemeName } from '../../../core/protocols/schemes.ts';
import { histogram, metric, type PromQl, promql, recorded } from '../../promql.ts';
import { buckets, last, now, over, perSecond } from '../query.ts';
import { firstLegOf } from './first-leg.ts';
import { increases, ofRun, quantile, chosenRun as run } from './of-run.ts';

/** The same of each stage. */
const stageQuantile = (q: number): PromQl =>
  promql`histogram_quantile(${q}, sum by (protocol, leg, stage, le) (${ofRun(perSecond(histogram('openStageDuration', 'bucket')))}))`;
/** By each connection that is open. */
const byEach = (key: 'messagesReceived' | 'payloadReceived'): PromQl =>
  promql`${perSecond(metric(key))} / (${metric('connectionsOpen')} > 0)`;

export const VERDICT = {
  status: now(promql`${last(recorded('status', { run }))} == 1`, '{{status}}'),
  phase: now(promql`${ofRun(metric('runPhase'))} == 1`, '{{leg}} {{phase}}'),
  timeLeft: now(ofRun(metric('runTimeLeft'))),
  peak: now(promql`max_over_time(${recorded('open', { run })}[$__range])`, '{{leg}}'),
  planned: now(last(recorded('planned', { run })), '{{leg}} planned'),
  failed: now(last(recorded('failed', { run })), '{{leg}}'),
  lost: now(last(recorded('lost', { run })), '{{leg}}'),
  cost: now(last(recorded('cost', { run, part: 'total', bound: 'estimate' })), '{{leg}}'),
  costBounds: now(last(recorded('cost', { run, part: 'total', bound: ['low', 'high'] })), '{{leg}} {{bound}}'),
  costParts: now(last(recorded('cost', { run, part: ['user', 'kernel'], bound: 'estimate' })), '{{leg}} {{part}}'),
  leastSquares: now(last(recorded('slope', { run, part: 'total' })), '{{leg}}'),
  withinLimit: now(last(recorded('connectionsWithinLimit', { run })), '{{leg}}'),
  memoryAtPlan: now(last(recorded('memoryAtPlan', { run })), '{{leg}}'),
  memoryLimit: now(last(recorded('memoryLimit', { run }))),
  openMedian: now(last(recorded('openMedian', { run })), '{{leg}} p50'),
  openTail: now(last(recorded('openTail', { run })), '{{leg}} p99'),
  saturated: now(last(recorded('saturated', { run }))),
  warnings: now(last(recorded('warnings', { run }))),
} as const;

/** Readings at levels, and the line: for each scheme x, y of each part, and the line's y at each x. */
export const POINTS = Object.fromEntries(
  SCHEMES.map((scheme) => {
    const at = { run, ...firstLegOf(scheme) } as const;
    const total = { ...at, part: 'total' } as const;
    const point = (series: PromQl): PromQl => promql`last_over_time(${series}[$__interval])`;
    /** The line as it stands at the end of what is shown. */
    const final = (key: 'slope' | 'intercept'): PromQl =>
      promql`last_over_time(${recorded(key, total)}[$__range] @ end())`;
    const open = point(recorded('pointConnections', total));
    return [
      scheme,
      {
        open: over(open, `${scheme} connections`),
        total: over(point(recorded('pointMemory', total)), `${scheme} total`),
        user: over(point(recorded('pointMemory', { ...at, part: 'user' })), `${scheme} user`),
        kernel: over(point(recorded('pointMemory', { ...at, part: 'kernel' })), `${scheme} kernel`),
        line: over(promql`${final('slope')} * ${open} + ${final('intercept')}`, `${scheme} least squares`),
      },
    ];
  }),
) as Record<SchemeName, Record<'open' | 'total' | 'user' | 'kernel' | 'line', ReturnType<typeof over>>>;

export const MEMORY = {
  components: over(ofRun(metric('targetLedger')), '{{component}}'),
  unexplained: over(ofRun(metric('targetUnexplained')), 'unexplained'),
  connections: over(ofRun(metric('connectionsOpen')), '{{leg}} connections'),
  cost: over(recorded('cost', { run, part: 'total' }), '{{leg}} {{bound}}'),
  slope: over(recorded('slope', { run, part: 'total' }), '{{leg}} least squares'),
  process: over(ofRun(metric('targetMemory')), '{{component}}'),
  cgroup: over(ofRun(metric('targetCgroupMemory')), '{{component}}'),
} as const;

export const LIFECYCLE = {
  phases: over(promql`${ofRun(metric('runPhase'))} == 1`, '{{leg}} {{phase}}'),
  target: over(ofRun(metric('connectionsTarget')), '{{leg}} wanted'),
  open: over(ofRun(metric('connectionsOpen')), '{{leg}} open'),
  opening: over(ofRun(metric('connectionsOpening')), '{{leg}} opening'),
  attempts: over(ofRun(perSecond(metric('connectionAttempts'))), '{{leg}} begun'),
  outcomes: over(promql`${ofRun(perSecond(metric('connectionOutcomes')))} > 0`, '{{leg}} {{outcome}}'),
  closed: over(promql`${ofRun(perSecond(metric('connectionsClosed')))} > 0`, '{{leg}} {{reason}}'),
  wireReceived: over(ofRun(perSecond(metric('wireReceivedBytes'))), '{{leg}} received, on the wire'),
  wireSent: over(ofRun(perSecond(metric('wireSentBytes'))), '{{leg}} sent, on the wire'),
  handshakes: over(ofRun(perSecond(metric('tlsHandshakes'))), '{{leg}} {{kind}}'),
  received: over(ofRun(perSecond(metric('receivedBytes'))), '{{leg}} received'),
  sent: over(ofRun(perSecond(metric('sentBytes'))), '{{leg}} sent'),
  messagesEach: over(ofRun(byEach('messagesReceived')), '{{leg}}'),
  payloadEach: over(ofRun(byEach('payloadReceived')), '{{leg}}'),
} as const;

export const LATENCY = {
  open: buckets(increases('openDuration')),
  openMedian: over(quantile(0.5, 'openDuration'), '{{leg}} p50'),
  openTail: over(quantile(0.99, 'openDuration'), '{{leg}} p99'),
  stages: over(stageQuantile(0.5), '{{leg}} {{stage}} p50'),
  roundTrip: buckets(increases('roundTrip')),
  roundTripMedian: over(quantile(0.5, 'roundTrip'), '{{leg}} p50'),
  roundTripTail: over(quantile(0.99, 'roundTrip'), '{{leg}} p99'),
  eventGapMedian: over(quantile(0.5, 'eventGap'), '{{leg}} events p50'),
  eventGapTail: over(quantile(0.99, 'eventGap'), '{{leg}} events p99'),
  answerHeldMedian: over(quantile(0.5, 'answerHeld'), '{{leg}} polls p50'),
  answerHeldTail: over(quantile(0.99, 'answerHeld'), '{{leg}} polls p99'),
  messages: over(ofRun(perSecond(metric('messagesSent'))), '{{leg}} sent'),
  replies: over(ofRun(perSecond(metric('replies'))), '{{leg}} {{fate}}'),
  responses: over(promql`${ofRun(perSecond(metric('responses')))} > 0`, '{{leg}} {{status}}'),
  fromOthers: over(ofRun(perSecond(metric('messagesFromOthers'))), '{{leg}} from others'),
  heartbeats: over(ofRun(perSecond(metric('heartbeats'))), '{{leg}} heartbeats'),
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
  lagTail: over(quantile(0.99, 'scheduleLag'), '{{leg}} p99'),
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
  tlsObjects: over(ofRun(metric('tlsObjects')), '{{leg}} {{use}}'),
  meters: over(ofRun(metric('meterReadSeconds')), 'reading all'),
  scrapes: over(promql`${ofRun(perSecond(metric('scrapeSeconds')))}`, 'answering scrapes'),
} as const;
