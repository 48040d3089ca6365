import assert from 'node:assert/strict';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sample } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import type { RunRecord } from '../../report/fold/read-run.ts';
import { summarize } from '../../report/fold/summarize.ts';
import { runFile } from './synthetic-run.ts';

export const makeRecord = (samples: readonly Sample[], more: Partial<RunRecord> = {}): RunRecord => ({
  run: runFile(),
  samples,
  events: [],
  problems: [],
  ...more,
});
/** Every summary of these tests is what the schema says, with no key beyond it. */
export function summarizeSamples(samples: readonly Sample[], more: Partial<RunRecord> = {}): Summary {
  const summary = summarize(makeRecord(samples, more));
  assert.deepEqual(Summary.parse(JSON.parse(JSON.stringify(summary))), summary);
  return summary;
}
export const readOnlyLeg = (summary: Summary): LegSummary => {
  assert.equal(summary.legs.length, 1);
  return summary.legs[0]!;
};
export const exactBytes = (bytes: number) => ({ bytes, low: bytes, high: bytes });
