import { isTalk, throughoutOf } from '../../core/behaviours/behaviours.ts';
import { EPISODE_MOMENTS } from '../../core/metrics/doings.ts';
import { QUEUE_ENDS } from '../../core/metrics/slow.ts';
import { VANISH_SHARES } from '../../core/metrics/vanish.ts';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { Doings } from '../../core/schemas/leg-summary.ts';
import type { SlowSummary } from '../../core/schemas/slow.ts';
import { NOTICES } from '../../core/schemas/vanish.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { queuedBytes } from '../conductor/doing-now.ts';
import type { LegState } from '../conductor/leg-course.ts';
import type { DoingsTold } from './doings-book.ts';
import { behaviourOf, type RunNow, type RunRecorder } from './run-now.ts';
import type { Totals } from './totals.ts';

interface LegLabels {
  readonly protocol: ProtocolName;
  readonly leg: string;
}

/** What one leg's connections do, what befalls them now, and what came of that. */
export function recordDoings(record: RunRecorder, now: RunNow, labels: LegLabels, index: number): void {
  const behaviour = behaviourOf(now.run);
  const totals = now.totals[index]!;
  const state = now.live?.leg === index ? now.live.state() : undefined;
  const { came, memory } = now.doings[index] ?? {};
  recordThroughout(record, totals, labels, throughoutOf(behaviour).kind);
  if (behaviour.kind === 'broadcast') recordBroadcast(record, totals, labels, came);
  if (behaviour.kind === 'slow') recordSlow(record, totals, labels, state?.seen, came);
  if (behaviour.kind === 'storm') recordStorm(record, totals, labels, came);
  if (behaviour.kind === 'vanish') recordVanish(record, labels, state?.seen, came);
  if (behaviour.kind === 'churn') recordReplacements(record, totals, labels, state?.phase);
  recordDrift(record, labels, came);
  for (const moment of EPISODE_MOMENTS) record('episodeMemory', memory?.[moment], { ...labels, moment });
}

function recordThroughout(
  record: RunRecorder,
  { counts, statuses, histograms }: Totals,
  labels: LegLabels,
  kind: ReturnType<typeof throughoutOf>['kind'],
): void {
  if (DESCRIPTORS[labels.protocol].exchange === 'events') record('eventGap', toSparse(histograms.eventGap), labels);
  if (kind === 'poll') record('answerHeld', toSparse(histograms.answerHeld), labels);
  if (kind === 'heartbeat') record('heartbeats', counts.heartbeats, labels);
  if (kind === 'request' || kind === 'poll') {
    for (const status of STATUS_CLASSES) record('responses', statuses[status], { ...labels, status });
  }
  if (!isTalk({ kind })) return;
  record('roundTrip', toSparse(histograms.rttPlanned), labels);
  record('messagesSent', counts.messages, labels);
  record('replies', counts.replies - counts.lateReplies, { ...labels, fate: 'in-time' });
  record('replies', counts.lateReplies, { ...labels, fate: 'late' });
  record('replies', counts.lostReplies, { ...labels, fate: 'lost' });
  if (kind === 'echo') record('messagesFromOthers', counts.fromOthers, labels);
}

function recordBroadcast(
  record: RunRecorder,
  { counts, histograms }: Totals,
  labels: LegLabels,
  came: Doings | undefined,
): void {
  record('deliveryTime', toSparse(histograms.delivery), labels);
  const awaited = counts.expectedDeliveries - counts.deliveries - counts.lateDeliveries;
  record('deliveriesAwaited', Math.max(0, awaited), labels);
  record('deliveries', counts.deliveries, { ...labels, fate: 'in-time' });
  record('deliveries', counts.lateDeliveries, { ...labels, fate: 'late' });
  record('deliveries', counts.duplicateDeliveries, { ...labels, fate: 'duplicate' });
  record('deliveries', counts.disorderedDeliveries, { ...labels, fate: 'disordered' });
  record('broadcastAmplification', came?.broadcast?.memory?.amplification, labels);
}

function recordSlow(
  record: RunRecorder,
  { present, counts }: Totals,
  labels: LegLabels,
  seen: LegState['seen'],
  came: Doings | undefined,
): void {
  record('slowConnections', present.slow, labels);
  record('slowHeldBack', counts.slowHeldBack, labels);
  const queues = seen?.slowQueues;
  if (queues) {
    const queued = queuedBytes(queues);
    for (const end of QUEUE_ENDS) {
      record('slowQueued', queued[end], { ...labels, end });
      const [received, written] = [queues[end].received.truesizeBytes, queues[end].written.truesizeBytes];
      record('slowQueueMemory', received === null || written === null ? null : received + written, { ...labels, end });
    }
  }
  if (came?.slow) recordSlowCost(record, labels, came.slow);
}

function recordSlowCost(
  record: RunRecorder,
  labels: LegLabels,
  { userBytesPerSlow, queuedBytesPerSlow, allocatedBytesPerSlow }: SlowSummary,
): void {
  record('slowMemoryEach', userBytesPerSlow, { ...labels, part: 'user' });
  for (const end of QUEUE_ENDS) {
    record('slowMemoryEach', queuedBytesPerSlow[end], { ...labels, part: `queued-at-${end}` });
    record('slowMemoryEach', allocatedBytesPerSlow[end], { ...labels, part: `allocated-at-${end}` });
  }
}

function recordStorm(
  record: RunRecorder,
  { present, counts, histograms }: Totals,
  labels: LegLabels,
  came: Doings | undefined,
): void {
  record('stormCut', counts.cut, labels);
  record('stormBack', counts.back, labels);
  record('stormAway', Math.max(0, present.cut - present.back), labels);
  record('stormRetries', counts.retries, labels);
  record('stormHeldBack', counts.heldBack, labels);
  record('stormBackAfter', toSparse(histograms.backAfter), labels);
  record('stormAdmission', toSparse(histograms.admission), labels);
  record('stormAllBack', toSeconds(came?.storm?.allBackMs), labels);
  record('stormNotBack', came?.storm?.notBack, labels);
}

function recordVanish(record: RunRecorder, labels: LegLabels, seen: LegState['seen'], came: Doings | undefined): void {
  const now = seen?.vanished;
  if (now && now.held !== null) {
    record('vanishedConnections', now.held, { ...labels, fate: 'held' });
    record('vanishedConnections', now.of - now.held, { ...labels, fate: 'let-go' });
  }
  const told = came?.vanish;
  if (!told) return;
  const ms = { p50: told.noticeP50Ms, p99: told.noticeP99Ms, all: told.noticeAllMs };
  for (const share of VANISH_SHARES) record('vanishNotice', toSeconds(ms[share]), { ...labels, share });
  for (const by of NOTICES) record('vanishNotices', told.notices?.[by], { ...labels, by });
  record('vanishStillHeld', told.stillHeld, labels);
  record('vanishUnacked', told.most.unackedBytes, labels);
}

function recordReplacements(
  record: RunRecorder,
  { present, counts }: Totals,
  labels: LegLabels,
  phase: LegState['phase'] | undefined,
): void {
  record('replacements', counts.replaced, labels);
  // What was due when a stretch ended is due no more.
  if (phase !== 'churn' && phase !== 'soak') return;
  record('replacementsAwaited', Math.max(0, present.replacementsDue - present.replaced), labels);
}

function recordDrift(record: RunRecorder, labels: LegLabels, came: DoingsTold['came'] | undefined): void {
  const drift = came?.soak ?? came?.churn;
  if (!drift?.driftPerHour) return;
  const { driftPerHour, isLevellingOff, hasGarbage } = drift;
  for (const [bound, value] of boundsOf(driftPerHour)) record('driftPerHour', value, { ...labels, bound });
  const each = came?.churn?.driftPerTurnover;
  const isShown = driftPerHour.low > 0 || (each != null && each.low > 0);
  record('memoryLeak', Number(isShown && !isLevellingOff && !hasGarbage), labels);
  if (each) for (const [bound, value] of boundsOf(each)) record('driftPerReplacement', value, { ...labels, bound });
}

const boundsOf = ({ bytes, low, high }: Estimate) =>
  [
    ['estimate', bytes],
    ['low', low],
    ['high', high],
  ] as const;

const toSeconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / 1000);
