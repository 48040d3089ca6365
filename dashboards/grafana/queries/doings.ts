/** What the dashboard of one run asks about that which befalls its connections: a group for each row. */
import { metric, type PromQl, promql } from '../../promql.ts';
import { buckets, over, perSecond } from '../query.ts';
import { increases, ofRun, quantile } from './of-run.ts';

const before = metric('episodeMemory', { moment: 'before' });
/** The target's user memory at a moment, less what it was before. */
const beyondBefore = (moment: 'peak' | 'after'): PromQl =>
  ofRun(promql`${metric('episodeMemory', { moment })} - on (job, instance, protocol, leg) ${before}`);
const GROWN = {
  peak: over(beyondBefore('peak'), '{{leg}} at the peak'),
  after: over(beyondBefore('after'), '{{leg}} afterwards'),
} as const;

export const STORMS = {
  away: over(ofRun(metric('stormAway')), '{{leg}} away'),
  notBack: over(ofRun(metric('stormNotBack')), '{{leg}} not back in the end'),
  cut: over(ofRun(perSecond(metric('stormCut'))), '{{leg}} cut'),
  back: over(ofRun(perSecond(metric('stormBack'))), '{{leg}} back'),
  retries: over(ofRun(perSecond(metric('stormRetries'))), '{{leg}} retries'),
  heldBack: over(ofRun(perSecond(metric('stormHeldBack'))), '{{leg}} held back by the window'),
  times: buckets(increases('stormBackAfter')),
  backMedian: over(quantile(0.5, 'stormBackAfter'), '{{leg}} away, p50'),
  backTail: over(quantile(0.99, 'stormBackAfter'), '{{leg}} away, p99'),
  admissionMedian: over(quantile(0.5, 'stormAdmission'), '{{leg}} admitted within, p50'),
  admissionTail: over(quantile(0.99, 'stormAdmission'), '{{leg}} admitted within, p99'),
  allBack: over(ofRun(metric('stormAllBack')), '{{leg}} all back'),
  ...GROWN,
} as const;

/** For each connection that reads slowly. */
const bySlow = (key: 'slowQueued' | 'slowQueueMemory'): PromQl =>
  ofRun(promql`${metric(key)} / on (job, instance, protocol, leg) group_left () (${metric('slowConnections')} > 0)`);

export const SLOW_READERS = {
  connections: over(ofRun(metric('slowConnections')), '{{leg}} read slowly'),
  closed: over(
    ofRun(promql`${metric('connectionsClosed', { reason: 'by-defence' })} > 0`),
    '{{leg}} ended by the target',
  ),
  queued: over(ofRun(metric('slowQueued')), '{{leg}} waits at the {{end}}'),
  allocated: over(ofRun(metric('slowQueueMemory')), '{{leg}} allocated at the {{end}}'),
  queuedEach: over(bySlow('slowQueued'), '{{leg}} waits at the {{end}}'),
  allocatedEach: over(bySlow('slowQueueMemory'), '{{leg}} allocated at the {{end}}'),
  heldBack: over(ofRun(perSecond(metric('slowHeldBack'))), '{{leg}}'),
  cost: over(ofRun(metric('slowMemoryEach')), '{{leg}} {{part}}'),
  peak: GROWN.peak,
} as const;

export const TURNOVER = {
  replaced: over(ofRun(perSecond(metric('replacements'))), '{{leg}} replaced'),
  behind: over(ofRun(metric('replacementsAwaited')), '{{leg}} behind'),
  perHour: over(ofRun(metric('driftPerHour')), '{{leg}} {{bound}}'),
  perReplacement: over(ofRun(metric('driftPerReplacement')), '{{leg}} {{bound}}'),
  leak: over(promql`${ofRun(metric('memoryLeak'))} == 1`, '{{leg}}: a leak'),
} as const;

export const VANISHED = {
  connections: over(ofRun(metric('vanishedConnections')), '{{leg}} {{fate}}'),
  notice: over(ofRun(metric('vanishNotice')), '{{leg}} {{share}}'),
  stillHeld: over(ofRun(metric('vanishStillHeld')), '{{leg}}'),
  notices: over(ofRun(metric('vanishNotices')), '{{leg}} {{by}}'),
  unacked: over(ofRun(metric('vanishUnacked')), '{{leg}} unacknowledged'),
  peak: GROWN.peak,
} as const;

export const FAN_OUT = {
  median: over(quantile(0.5, 'deliveryTime'), '{{leg}} p50'),
  tail: over(quantile(0.99, 'deliveryTime'), '{{leg}} p99'),
  deliveries: over(ofRun(perSecond(metric('deliveries'))), '{{leg}} {{fate}}'),
  awaited: over(ofRun(metric('deliveriesAwaited')), '{{leg}} awaited'),
  amplification: over(ofRun(metric('broadcastAmplification')), '{{leg}}'),
  peak: GROWN.peak,
} as const;
