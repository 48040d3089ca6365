import type { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import type { MetricStatus } from '../../core/values/statuses.ts';
import { readHost } from '../../memory/host.ts';
import { readKernelSockets } from '../../memory/kernel-sockets.ts';
import { watchOwnProcess } from '../../memory/own-process.ts';
import { createTelemetry, type Telemetry } from '../../telemetry/registry.ts';
import type { LiveLeg, RunObserver } from '../observer.ts';
import type { Progress } from '../progress.ts';
import { CostBook, type CostEstimator } from './cost-book.ts';
import { DoingsBook, type DoingsFold } from './doings-book.ts';
import { FleetBook } from './fleet-book.ts';
import { LiveMemory, type MemoryNow } from './live-memory.ts';
import { recordRun } from './record-run.ts';
import { RUN_KEYS, type RunNow } from './run-now.ts';
import { SaturationWatch } from './saturation.ts';
import { NO_TOTALS, sumTotals, type Totals, totalsOf } from './totals.ts';

/** A run as Prometheus metrics, from before its first connection until after its end. */
export interface RunMetrics {
  readonly telemetry: Telemetry;
  readonly observer: RunObserver;
  onProgress(progress: Progress): void;
  /** The verdict, which may be another than what the run itself said. */
  finished(status: MetricStatus): void;
  close(): void;
}

/**
 * The fleet is asked for nothing but what its workers show anyway: a scrape costs the same for ten connections and for a
 * million. Nothing that is scraped is ever reset, so any number of scrapers see the same.
 *
 * @param folds of the report: of costs, asked after each level, and of what befell connections, asked when it is scraped
 */
export function createRunMetrics(
  version: string,
  folds: { readonly cost: CostEstimator; readonly doings: DoingsFold },
): RunMetrics {
  const own = watchOwnProcess();
  const costs = new CostBook(folds.cost);
  const saturation = new SaturationWatch();
  /** By leg: what its earlier launches came to. */
  const ended = new Map<number, Totals>();
  const doings = new DoingsBook(folds.doings);
  const fleet = new FleetBook();
  let run: RunFile | undefined;
  let verdict: MetricStatus | undefined;
  let live: { readonly leg: LiveLeg; readonly memory: LiveMemory } | undefined;
  let lastProgress: Progress | undefined;
  let warnings = 0;

  const totalsOfLeg = (leg: number): Totals => {
    const before = ended.get(leg) ?? NO_TOTALS;
    return live?.leg.leg === leg ? sumTotals(before, totalsOf(live.leg.fleet)) : before;
  };

  const observer: RunObserver = {
    runFile(file) {
      run = file;
    },
    sample(sample: Sample) {
      saturation.sample(sample);
      doings.add(sample);
      fleet.sample(sample);
      if (sample.type !== 'memory' || run === undefined) return;
      live?.memory.pointRead(sample);
      if (costs.add(run, sample)) setImmediate(() => run && costs.update(run));
    },
    event(event: RunEvent) {
      fleet.event(event);
      if (event.type === 'warning') warnings += 1;
    },
    legStarted(leg) {
      if (run) live = { leg, memory: new LiveMemory(run, leg) };
    },
    legEnded() {
      if (live) ended.set(live.leg.leg, { ...totalsOfLeg(live.leg.leg), present: NO_TOTALS.present });
      live = undefined;
      if (run) costs.update(run, true);
    },
  };

  async function now(): Promise<RunNow | undefined> {
    // The leg may end while its memory is read: what is counted is taken after that, in one go.
    const memory = live ? await live.memory.now() : await memoryAround();
    const file = run;
    if (file === undefined) return undefined;
    return {
      run: file,
      version,
      status: verdict ?? file.status,
      isOver: verdict !== undefined || file.status !== 'running',
      live: live?.leg,
      totals: file.plan.legs.map((_, leg) => totalsOfLeg(leg)),
      levels: file.plan.legs.map((_, leg) => costs.of(leg)),
      doings: file.plan.legs.map((_, leg) => doings.of(file, leg)),
      memory,
      timeLeftMs: lastProgress?.leftMs ?? null,
      warnings,
      isSaturated: saturation.isSaturated(file, live?.leg),
      costs: own.costs(),
      fleet: fleet.of(live?.leg),
    };
  }

  return {
    telemetry: createTelemetry(RUN_KEYS, async (record) => {
      const moment = await now();
      if (moment) recordRun(record, moment);
    }),
    observer,
    onProgress(progress) {
      lastProgress = progress;
    },
    finished(status) {
      verdict = status;
    },
    close: () => own.stop(),
  };
}

/** Between legs there is no target to look at. */
async function memoryAround(): Promise<MemoryNow> {
  return {
    readings: null,
    ledger: null,
    target: null,
    descriptors: { maxFds: null, highestRatio: null },
    host: await readHost().catch(() => null),
    sockets: readKernelSockets(),
  };
}
