import type { RunConfig } from '../../config/run-config.ts';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import { STAGES } from '../../core/schemas/leg-summary.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES } from '../../core/values/outcomes.ts';
import { PHASES, peakOf } from '../../core/values/plan.ts';
import { METRIC_STATUSES } from '../../core/values/statuses.ts';
import type { EngineName } from '../../fleet/engines/index.ts';
import { countInFullestTable } from '../../memory/descriptors.ts';
import { readOwnMemory } from '../../memory/own-process.ts';
import { recordHost, recordSockets } from '../../telemetry/host-metrics.ts';
import { recordProcess } from '../../telemetry/process-metrics.ts';
import { recordCgroup, recordDescriptors, recordTree } from '../../telemetry/target-metrics.ts';
import { timedName } from '../conductor/recorder.ts';
import type { MemoryNow } from './live-memory.ts';
import { recordDoings } from './record-doings.ts';
import { recordFleet } from './record-fleet.ts';
import { behaviourOf, type RunNow, type RunRecorder } from './run-now.ts';

export function recordRun(record: RunRecorder, now: RunNow): void {
  recordStanding(record, now);
  for (const [index, leg] of now.run.plan.legs.entries()) {
    recordConnections(record, now, leg, index);
    recordCounts(record, now, leg, index);
    recordLevels(record, now, leg, index);
    recordDoings(record, now, { protocol: leg.protocol, leg: leg.name }, index);
  }
  recordFleet(record, now);
  recordMemory(record, now.memory);
  record('generatorSaturated', Number(now.isSaturated));
  record('generatorOpenFds', countInFullestTable());
  recordSockets(record, now.memory.sockets);
  recordHost(record, now.memory.host);
  recordProcess(record, { role: 'run', version: now.version }, [readOwnMemory()], now.costs);
}

function recordStanding(record: RunRecorder, { run, status, isOver, live, timeLeftMs, warnings }: RunNow): void {
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

function recordConnections(record: RunRecorder, { live, totals }: RunNow, leg: RecordedLeg, index: number): void {
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
  record: RunRecorder,
  { totals }: RunNow,
  { protocol, transport, name: leg }: RecordedLeg,
  index: number,
): void {
  const { counts, outcomes, closeReasons, histograms } = totals[index]!;
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
}

function recordLevels(
  record: RunRecorder,
  { levels }: RunNow,
  { protocol, name: leg }: RecordedLeg,
  index: number,
): void {
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

function recordMemory(record: RunRecorder, { readings, ledger, target, descriptors }: MemoryNow): void {
  recordTree(record, readings?.target ?? target);
  recordDescriptors(record, descriptors);
  recordCgroup(record, readings?.cgroup ?? null);
  for (const component of [...USER_COMPONENTS, ...KERNEL_COMPONENTS]) {
    record('targetLedger', ledger?.components[component], { component });
  }
  record('targetUnexplained', ledger?.unexplained);
  record('meterReadSeconds', readings === null ? null : readings.tookMs / 1000);
}
