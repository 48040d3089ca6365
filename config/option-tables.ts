import { COMPARE_OPTIONS } from './compare-options.ts';
import { DIALECTS_OPTIONS } from './dialects-options.ts';
import { DOCTOR_OPTIONS } from './doctor-options.ts';
import { FIND_LIMIT_OPTIONS } from './find-limit-options.ts';
import { LIVE_OPTIONS } from './live-options.ts';
import { METER_OPTIONS } from './meter-options.ts';
import type { OptionTable } from './option.ts';
import { REPORT_OPTIONS } from './report-options.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';
import { TARGETS_COMPARE_OPTIONS } from './targets-compare-options.ts';
import { TARGETS_BUILD_OPTIONS, TARGETS_LIST_OPTIONS } from './targets-options.ts';
import { TRY_OPTIONS } from './try-options.ts';
import { VARIANTS_OPTIONS } from './variants/variants-options.ts';
import { WORKER_OPTIONS } from './worker/worker-options.ts';

/** The options of every command, in the order of the help. For pages about all of them: a command loads its own table alone. */
export const OPTION_TABLES: Readonly<Record<string, OptionTable>> = {
  run: RUN_OPTIONS,
  'find-limit': FIND_LIMIT_OPTIONS,
  try: TRY_OPTIONS,
  serve: SERVE_OPTIONS,
  meter: METER_OPTIONS,
  worker: WORKER_OPTIONS,
  report: REPORT_OPTIONS,
  compare: COMPARE_OPTIONS,
  variants: VARIANTS_OPTIONS,
  live: LIVE_OPTIONS,
  'targets list': TARGETS_LIST_OPTIONS,
  'targets build': TARGETS_BUILD_OPTIONS,
  'targets compare': TARGETS_COMPARE_OPTIONS,
  dialects: DIALECTS_OPTIONS,
  doctor: DOCTOR_OPTIONS,
};
