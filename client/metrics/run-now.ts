import type { RunConfig } from '../../config/run-config.ts';
import { listKeys } from '../../core/metrics/catalogue.ts';
import { HOST_MEMORY_METRICS, SOCKET_METRICS } from '../../core/metrics/host.ts';
import { OWN_METRICS } from '../../core/metrics/process.ts';
import { RUN_METRICS } from '../../core/metrics/run.ts';
import { LEDGER_METRICS, METER_METRICS, TREE_METRICS } from '../../core/metrics/target.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { ProcessCosts } from '../../core/values/process-costs.ts';
import type { MetricStatus } from '../../core/values/statuses.ts';
import type { MetricRecorder } from '../../telemetry/registry.ts';
import type { LiveLeg } from '../observer.ts';
import type { CostBook } from './cost-book.ts';
import type { DoingsTold } from './doings-book.ts';
import type { FleetTold } from './fleet-book.ts';
import type { MemoryNow } from './live-memory.ts';
import type { Totals } from './totals.ts';

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
export type RunRecorder = MetricRecorder<(typeof RUN_KEYS)[number]>;

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
  /** What came of episodes, and of levels that go on. */
  readonly doings: ReadonlyArray<DoingsTold | undefined>;
  readonly memory: MemoryNow;
  readonly timeLeftMs: number | null;
  readonly warnings: number;
  readonly isSaturated: boolean;
  readonly costs: ProcessCosts;
  /** Workers on other machines; undefined where there are none. */
  readonly fleet: FleetTold | undefined;
}

export const behaviourOf = ({ config }: RunFile): RunConfig['behaviour'] =>
  (config as Pick<RunConfig, 'behaviour'>).behaviour;
