import type { RunConfig } from '../../config/run-config.ts';
import { isTalk, throughoutOf } from '../../core/behaviours/behaviours.ts';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { listKeys } from '../../core/metrics/catalogue.ts';
import { VANISH_SHARES } from '../../core/metrics/doings.ts';
import { HOST_MEMORY_METRICS, SOCKET_METRICS } from '../../core/metrics/host.ts';
import { OWN_METRICS } from '../../core/metrics/process.ts';
import { RUN_METRICS } from '../../core/metrics/run.ts';
import { LEDGER_METRICS, METER_METRICS, TREE_METRICS } from '../../core/metrics/target.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import { STAGES } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { PHASES, peakOf } from '../../core/values/plan.ts';
import type { ProcessCosts } from '../../core/values/process-costs.ts';
import { METRIC_STATUSES, type MetricStatus } from '../../core/values/statuses.ts';
import type { EngineName } from '../../fleet/engines/index.ts';
import { countInFullestTable } from '../../memory/descriptors.ts';
import { readOwnMemory } from '../../memory/own-process.ts';
import { recordHost, recordSockets } from '../../telemetry/host-metrics.ts';
import { recordProcess } from '../../telemetry/process-metrics.ts';
import type { MetricRecorder } from '../../telemetry/registry.ts';
import { recordCgroup, recordDescriptors, recordTree } from '../../telemetry/target-metrics.ts';
import { timedName } from '../conductor/recorder.ts';
import type { LiveLeg } from '../observer.ts';
import type { CostBook } from './cost-book.ts';
import type { MemoryNow } from './live-memory.ts';
import type { Totals } from './totals.ts';
import type { VanishTold } from './vanish-book.ts';

/** Rows of the catalogue that a run exposes. */
export const RUN_KEYS = listKeys({
  ...RUN_METRICS,
  ...LEDGER_METRICS,
  ...TREE_METRICS,
  meterReadSeconds: METER_METRICS.meterReadSeconds,
  ...SOCKET_METRICS,
  ...HOST_MEMORY_METRICS,
  ...OWN_METRICS,
});
type Record = MetricRecorder<(typeof RUN_KEYS)[number]>;

/** A run at one moment. */
export interface RunNow {
  readonly run: RunFile;
  readonly version: string;
  readonly status: MetricStatus;
  readonly isOver: boolean;
  /** The leg under way; undefined between legs. */
  readonly live: LiveLeg | undefined;
  /** For each leg of the plan. */
  readonly totals: readonly Totals[];
  readonly levels: ReadonlyArray<ReturnType<CostBook['of']>>;
  /** What came of connections that vanished. */
  readonly vanished: ReadonlyArray<VanishTold | undefined>;
  readonly memory: MemoryNow;
  readonly timeLeftMs: number | null;
  readonly warnings: number;
  readonly isSaturated: boolean;
  readonly costs: ProcessCosts;
}

export function recordRun(record: Record, now: RunNow): void {
  recordStanding(record, now);
  for (const [index, leg] of now.run.plan.legs.entries()) {
    recordConnections(record, now, leg, index);
    recordCounts(record, now, leg, index);
    recordLevels(record, now, leg, index);
    recordVanished(record, now, leg, index);
  }
  recordMemory(record, now.memory);
  record('generatorSaturated', Number(now.isSaturated));
  record('generatorOpenFds', countInFullestTable());
  recordSockets(record, now.memory.sockets);
  recordHost(record, now.memory.host);
  recordProcess(record, { role: 'run', version: now.version }, [readOwnMemory()], now.costs);
}

function recordStanding(record: Record, { run, status, isOver, live, timeLeftMs, warnings }: RunNow): void {
  const engine = run.generator.engine as EngineName | 'auto';
  // Which one it is, is known once preflight is done.
  if (engine !== 'auto') {
    const name = timedName(new Date(run.startedAt), run.name);
    record('runInfo', 1, { run: name, target: run.target.kind, engine, behaviour: behaviourOf(run).kind });
  }
  for (const one of METRIC_STATUSES) record('runStatus', Number(one === status), { status: one });
  if (live) {
    const { protocol, name: leg } = live;
    const now = live.state().phase;
    for (const phase of PHASES) record('runPhase', Number(phase === now), { protocol, leg, phase });
    record('runLaunch', live.launch + 1);
  }
  record('runStartTime', Date.parse(run.startedAt) / 1000);
  record('runTimeLeft', isOver ? 0 : timeLeftMs === null ? null : timeLeftMs / 1000);
  record('runWarnings', warnings);
  const { memoryLimitBytes } = run.config as Partial<Pick<RunConfig, 'memoryLimitBytes'>>;
  record('runMemoryLimit', memoryLimitBytes ?? run.environment.memoryLimitBytes);
}

const behaviourOf = ({ config }: RunFile): RunConfig['behaviour'] => (config as Pick<RunConfig, 'behaviour'>).behaviour;

function recordConnections(record: Record, { live, totals }: RunNow, leg: RecordedLeg, index: number): void {
  const { protocol, transport, name } = leg;
  const labels = { protocol, leg: name };
  const { present } = totals[index]!;
  record('connectionsPlanned', peakOf(leg), labels);
  record('connectionsTarget', live?.leg === index ? live.state().level : 0, labels);
  record('connectionsOpening', present.opening, labels);
  record('connectionsOpen', present.open, labels);
  if (transport === 'plain') return;
  record('tlsObjects', present.tlsObjects - present.tlsKeptObjects, { ...labels, use: 'handshake' });
  record('tlsObjects', present.tlsKeptObjects, { ...labels, use: 'kept' });
}

function recordCounts(
  record: Record,
  { run, totals }: RunNow,
  { protocol, transport, name: leg }: RecordedLeg,
  index: number,
): void {
  const { counts, outcomes, closeReasons, statuses, histograms } = totals[index]!;
  record('connectionAttempts', counts.attempts, { protocol, leg });
  for (const outcome of OUTCOMES) record('connectionOutcomes', outcomes[outcome], { protocol, leg, outcome });
  for (const reason of CLOSE_REASONS) record('connectionsClosed', closeReasons[reason], { protocol, leg, reason });
  record('openDuration', toSparse(histograms.openPlanned), { protocol, leg });
  for (const stage of STAGES) {
    if (stage === 'securing' && transport === 'plain') continue;
    record('openStageDuration', toSparse(histograms[stage]), { protocol, leg, stage });
  }
  record('scheduleLag', toSparse(histograms.lag), { protocol, leg });
  if (!DESCRIPTORS[protocol].isStream || counts.messagesIn > 0) {
    record('messagesReceived', counts.messagesIn, { protocol, leg });
  }
  record('payloadReceived', counts.payloadBytesIn, { protocol, leg });
  record('receivedBytes', counts.bytesIn, { protocol, leg });
  record('sentBytes', counts.bytesOut, { protocol, leg });
  record('wireReceivedBytes', counts.wireBytesIn, { protocol, leg });
  record('wireSentBytes', counts.wireBytesOut, { protocol, leg });
  if (transport === 'tls') {
    record('tlsHandshakes', counts.secured - counts.resumed, { protocol, leg, kind: 'full' });
    record('tlsHandshakes', counts.resumed, { protocol, leg, kind: 'resumed' });
  }
  if (DESCRIPTORS[protocol].exchange === 'events') record('eventGap', toSparse(histograms.eventGap), { protocol, leg });
  const { kind: behaviour } = throughoutOf(behaviourOf(run));
  if (behaviour === 'poll') record('answerHeld', toSparse(histograms.answerHeld), { protocol, leg });
  if (behaviour === 'heartbeat') record('heartbeats', counts.heartbeats, { protocol, leg });
  if (behaviour === 'request' || behaviour === 'poll') {
    for (const status of STATUS_CLASSES) record('responses', statuses[status], { protocol, leg, status });
  }
  if (behaviour === 'broadcast') {
    record('deliveryTime', toSparse(histograms.delivery), { protocol, leg });
    const awaited = counts.expectedDeliveries - counts.deliveries - counts.lateDeliveries;
    record('deliveriesAwaited', Math.max(0, awaited), { protocol, leg });
    record('deliveries', counts.deliveries, { protocol, leg, fate: 'in-time' });
    record('deliveries', counts.lateDeliveries, { protocol, leg, fate: 'late' });
    record('deliveries', counts.duplicateDeliveries, { protocol, leg, fate: 'duplicate' });
    record('deliveries', counts.disorderedDeliveries, { protocol, leg, fate: 'disordered' });
  }
  if (!isTalk({ kind: behaviour })) return;
  record('roundTrip', toSparse(histograms.rttPlanned), { protocol, leg });
  record('messagesSent', counts.messages, { protocol, leg });
  record('replies', counts.replies - counts.lateReplies, { protocol, leg, fate: 'in-time' });
  record('replies', counts.lateReplies, { protocol, leg, fate: 'late' });
  record('replies', counts.lostReplies, { protocol, leg, fate: 'lost' });
  if (behaviour === 'echo') record('messagesFromOthers', counts.fromOthers, { protocol, leg });
}

function recordLevels(record: Record, { levels }: RunNow, { protocol, name: leg }: RecordedLeg, index: number): void {
  const { level, levels: count = 0, cost } = levels[index] ?? {};
  record('memoryPoints', count, { protocol, leg });
  record('levelConnections', level?.connections, { protocol, leg });
  for (const part of ['total', 'user', 'kernel'] as const) {
    record('levelMemory', level?.ledger[part], { protocol, leg, part });
    record('memoryPerConnection', cost?.[part]?.bytes, { protocol, leg, part, bound: 'estimate' });
    record('memoryPerConnection', cost?.[part]?.low, { protocol, leg, part, bound: 'low' });
    record('memoryPerConnection', cost?.[part]?.high, { protocol, leg, part, bound: 'high' });
  }
}

function recordVanished(
  record: Record,
  { live, vanished }: RunNow,
  { protocol, name: leg }: RecordedLeg,
  index: number,
): void {
  const now = live?.leg === index ? live.state().vanished : undefined;
  if (now && now.held !== null) {
    record('vanishedConnections', now.held, { protocol, leg, fate: 'held' });
    record('vanishedConnections', now.of - now.held, { protocol, leg, fate: 'let-go' });
  }
  const told = vanished[index];
  if (!told) return;
  record('vanishStillHeld', told.stillHeld, { protocol, leg });
  for (const share of VANISH_SHARES) {
    const ms = told.noticeMs[share];
    record('vanishNotice', ms === null ? null : ms / 1000, { protocol, leg, share });
  }
}

function recordMemory(record: Record, { readings, ledger, target, descriptors }: MemoryNow): void {
  recordTree(record, readings?.target ?? target);
  recordDescriptors(record, descriptors);
  recordCgroup(record, readings?.cgroup ?? null);
  for (const component of [...USER_COMPONENTS, ...KERNEL_COMPONENTS]) {
    record('targetLedger', ledger?.components[component], { component });
  }
  record('targetUnexplained', ledger?.unexplained);
  record('meterReadSeconds', readings === null ? null : readings.tookMs / 1000);
}
