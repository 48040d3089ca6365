/** What node's test runner counted in a file. */
export interface TestCounts {
  readonly tests: number;
  readonly pass: number;
  readonly fail: number;
  readonly cancelled: number;
  readonly skipped: number;
}
export const NO_COUNTS: TestCounts = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0 };

export const sumOfCounts = (all: readonly TestCounts[]): TestCounts =>
  all.reduce(
    (sum, one) => ({
      tests: sum.tests + one.tests,
      pass: sum.pass + one.pass,
      fail: sum.fail + one.fail,
      cancelled: sum.cancelled + one.cancelled,
      skipped: sum.skipped + one.skipped,
    }),
    NO_COUNTS,
  );

/** What one test file took: what the next run plans by. */
export interface FileCost {
  readonly wallSeconds: number;
  /** Processor time of its process and all that it started. */
  readonly cpuSeconds: number;
}

/** How one file went. */
export interface FileOutcome extends FileCost {
  /** Below the build, without `.test.js`: `core/values/units`. */
  readonly name: string;
  readonly passed: boolean;
  readonly counts: TestCounts;
  /** All that it printed. */
  readonly output: string;
  /** Since the whole run began. */
  readonly startedAtSeconds: number;
}
