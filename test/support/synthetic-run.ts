import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { Readings } from '../../core/schemas/readings.ts';
import type { LegProgress, MemoryPoint, RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import type { ShareState } from '../../core/schemas/share-state.ts';
import { NO_WAITS } from '../../core/schemas/times.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, type Outcome, zeroOutcomes } from '../../core/values/outcomes.ts';
import { readingsAt } from './readings.ts';

export const LEVELS = [500, 1000, 1500, 2000, 2500, 3000];
export const leg = (more: Partial<RecordedLeg> = {}): RecordedLeg => ({
  name: more.protocol ?? 'ws',
  url: null,
  protocol: 'ws',
  transport: 'plain',
  family: 'inet',
  tls: null,
  behaviour: null,
  close: null,
  perMessageDeflate: null,
  opening: null,
  warmUp: 0,
  connectsPerSecond: 2000,
  cycles: 1,
  ...more,
  levels: [...(more.levels ?? LEVELS)],
});

/** A run that passed, as the client would have recorded it. */
export const runFile = (more: Partial<RunFile> = {}): RunFile => ({
  schema: 1,
  name: 'synthetic',
  startedAt: '2026-11-23T14:00:00.000Z',
  finishedAt: '2026-11-23T14:01:00.000Z',
  status: 'passed',
  exitCode: 0,
  config: { connections: 3000 },
  plan: { legs: [leg()], launches: 1 },
  environment: {
    connrigVersion: '0.1.0',
    nodeVersion: 'v20.0.0',
    platform: 'linux',
    arch: 'x64',
    kernel: 'Linux 6.18',
    cpuModel: 'Some | CPU',
    cores: 2,
    memoryBytes: 8e9,
    memoryLimitBytes: 4e9,
    descriptorLimit: 20_000,
    ephemeralPorts: [32_768, 60_999],
    somaxconn: 4096,
    tcpMemMaxBytes: 800_000_000,
    conntrackMax: null,
    conntrackCount: null,
  },
  target: {
    kind: 'builtin',
    name: 'connrig reference server',
    urls: ['ws://127.0.0.1:3000'],
    pid: 4711,
    descriptorLimit: 20_000,
    processes: 1,
    runtime: null,
    built: null,
  },
  generator: {
    engine: 'node',
    // As many as any plan here has.
    legs: Array.from({ length: 3 }, () => ({
      workers: 1,
      ownTables: false,
      sources: [],
      destinations: 1,
      targetIsLocal: true,
      securedBy: null,
    })),
  },
  ...more,
});

/** A share of a fleet over several machines. */
export const shareState = (more: Partial<ShareState> = {}): ShareState => ({
  share: 0,
  host: 'a',
  worker: 'a:1',
  generation: 1,
  lease: 'held',
  heardAgoMs: 100,
  attempts: more.opened ?? 0,
  opening: 0,
  open: 0,
  opened: 0,
  failed: 0,
  latenessMs: null,
  cpuSeconds: 0,
  rssBytes: 0,
  clockOffsetMs: 0,
  clockSpreadMs: 0.1,
  ...more,
});

/** `attempts` connections, of which `open` are open, the rest of the opened ones closed by us. */
export function progressOf(open: number, opened = open, failed: Partial<Record<Outcome, number>> = {}): LegProgress {
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const of = (ms: number, count: number): [number, number] => [lowestOf(bucketOf(ms * 1000)), count];
  return {
    counts: { attempts: opened + failures, opening: 0, open, failed: failures, closed: opened - open },
    outcomes: { ...zeroOutcomes(), open: opened, ...failed },
    closeReasons: { ...zeroReasons(), 'by-us': opened - open },
    openPlanned: opened === 0 ? [] : [of(2, opened)],
    openActual: opened === 0 ? [] : [of(1, opened)],
    stages: { connecting: [], securing: [], handshaking: [] },
    bytes: null,
    received: null,
    tls: null,
    lag: opened === 0 ? [] : [of(0.5, opened)],
    ownLag: opened === 0 ? [] : [of(0.5, opened)],
    waits: NO_WAITS,
    failedAfter: failures === 0 ? [] : [of(1, failures)],
    losses: null,
    rampMs: opened / 2,
    rampOpened: opened,
  };
}
const zeroReasons = () =>
  Object.fromEntries(CLOSE_REASONS.map((name) => [name, 0])) as Record<(typeof CLOSE_REASONS)[number], number>;

type At = { elapsedMs?: number; launch?: number; leg?: number; protocol?: ProtocolName };
const at = ({ elapsedMs = 1000, launch = 0, leg = 0, protocol = 'ws' }: At) => ({ elapsedMs, launch, leg, protocol });

export function memoryPoint(
  phase: MemoryPoint['phase'],
  level: number,
  readings: Readings,
  more: At & Partial<Pick<MemoryPoint, 'settled' | 'progress' | 'cycle' | 'held'>> = {},
): MemoryPoint {
  const { settled = true, progress = progressOf(level, Math.max(level, phase === 'retained' ? LEVELS.at(-1)! : 0)) } =
    more;
  return {
    type: 'memory',
    ...at(more),
    phase,
    level,
    cycle: more.cycle ?? 0,
    settled,
    windows: [1, 1],
    readings,
    unforced: null,
    generatorCollectedBytes: null,
    talk: null,
    held: more.held ?? null,
    progress,
  };
}

export const tick = (
  level: number,
  counts: LegProgress['counts'],
  more: At = {},
): Extract<Sample, { type: 'tick' }> => ({
  type: 'tick',
  ...at(more),
  phase: 'ramp',
  level,
  counts,
  outcomes: { ...zeroOutcomes(), open: counts.open + counts.closed },
  received: null,
  targetBytes: 40_000_000,
  generatorRssBytes: 60_000_000 + 1000 * counts.open,
  generatorCpuSeconds: 1 + counts.open / 1000,
});

/** Baseline, a hold at each level, retained: memory on an exact line of `bytesEach` in user space. */
export function climb(
  bytesEach: number,
  { levels = LEVELS, retainedBytes = 0, ...where }: At & { levels?: readonly number[]; retainedBytes?: number } = {},
): Sample[] {
  const baseBytes = 40_000_000;
  return [
    memoryPoint('baseline', 0, readingsAt(0, baseBytes), where),
    ...levels.flatMap((level) => [
      tick(level, progressOf(level).counts, where),
      memoryPoint('hold', level, readingsAt(level, baseBytes + bytesEach * level), where),
    ]),
    memoryPoint('retained', 0, readingsAt(0, baseBytes + retainedBytes), where),
    { type: 'leg-end', ...at(where), progress: progressOf(0, levels.at(-1) ?? 0) },
  ];
}

/** Writes a run folder as the recorder would. `undefined` leaves the file out. */
export function writeRun(
  folder: string,
  {
    run = runFile(),
    samples = [],
    events = [],
  }: { run?: unknown; samples?: readonly Sample[] | undefined; events?: readonly RunEvent[] } = {},
): string {
  const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'run.json'), typeof run === 'string' ? run : JSON.stringify(run, null, 2));
  writeFileSync(join(folder, 'samples.jsonl'), lines(samples));
  writeFileSync(join(folder, 'events.jsonl'), lines(events));
  return folder;
}
