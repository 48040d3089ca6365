/** What of a leg's summary is a line through its levels, or through its cycles. */
import { z } from 'zod';
import { EstimateSchema } from '../stats/slope.ts';

const [count, bytes] = [z.number().int().nonnegative(), z.number().nullable()];
/** Where something happens, in connections, between the levels `low` and `high`. */
const place = { at: z.number(), low: count, high: count };
const Step = z.object({ ...place, bytes: z.number() });
/** What each closed connection left behind. */
export const RetainedSummary = z.object({ bytesPerClosedConnection: z.number(), low: bytes, high: bytes });

/** What the levels come to; see core/stats/shape.ts and core/stats/fit.ts. */
export const FitSummary = z.object({
  rSquared: z.number(),
  /** Up to `at` one more connection costs `below`, from there on `above`; null: none in range. */
  knee: z.object({ ...place, below: EstimateSchema, above: EstimateSchema }).nullable(),
  /** Between two levels memory jumped by so many bytes: the largest of `steps`; null: none in range. */
  step: Step.nullable(),
  /** All of them, ascending; at most three. */
  steps: z.array(Step),
  /** Error of the top level, against the same shape through the others; signed. */
  holdoutErrorPercent: z.number().nullable(),
  /** Lines to predict by, ascending: each holds from `fromOpen` on, the last one beyond the top. See core/stats/predict.ts. */
  lines: z.array(
    z.object({
      fromOpen: count,
      interceptBytes: z.number(),
      bytesPerConnection: z.number(),
      residualBytes: z.number(),
      degrees: count,
      points: count,
      meanOpen: z.number(),
      openSquares: z.number(),
    }),
  ),
});
