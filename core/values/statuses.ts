/** How a run goes on while it is recorded (`run.json`); `passed`: it went all the way. */
export const RUN_STATUSES = ['running', 'passed', 'failed', 'interrupted', 'invalid'] as const;

/**
 * What a run came to (`summary.json`). `measured`: it went all the way, and nothing was to be passed. `inconclusive`: it did as well,
 * but what it measured tells too little of a cost, of round trips that were asked for, or of what was to be passed. `invalid`: the client was what limited it.
 */
export const SUMMARY_STATUSES = ['measured', 'passed', 'inconclusive', 'failed', 'interrupted', 'invalid'] as const;

/** Either, as metrics have it. */
export const METRIC_STATUSES = ['running', ...SUMMARY_STATUSES] as const;
export type MetricStatus = (typeof METRIC_STATUSES)[number];
