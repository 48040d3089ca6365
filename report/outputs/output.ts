import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { ReportChart } from './report-charts.ts';

/** A run as its outputs tell it. */
export interface ToldRun {
  readonly run: RunFile;
  readonly summary: Summary;
  /** Drawn when the first output asks for them. */
  readonly charts: () => readonly ReportChart[];
}

/** What a report leaves in the run's folder: a row of `RUN_OUTPUTS`. */
export type RunOutput =
  | { readonly file: string; readonly make: (told: ToldRun) => string }
  /** Several files, named by a pattern. `makeEach`: the content of each by its name. */
  | { readonly file: string; readonly makeEach: (told: ToldRun) => ReadonlyMap<string, string> };
