/** Distributions of times in a record. */
import { z } from 'zod';

/** `[lowest µs of the bucket, count]` pairs; see core/stats/histogram.ts. */
export const TimesSchema = z.array(z.tuple([z.number(), z.number().int().nonnegative()]));

/** For a point that is asked for something else. */
export const NO_STAGES = { connecting: [], securing: [], handshaking: [] } satisfies Record<string, never[]>;
export const NO_WAITS = { eventGap: [], answerHeld: [] } satisfies Record<string, never[]>;

/** What each stage of an open took: until TCP is established, until TLS is, until usable. Empty in older records. */
export const StageTimes = z
  .object({ connecting: TimesSchema, securing: TimesSchema, handshaking: TimesSchema })
  .default(NO_STAGES);

/**
 * How long open connections waited for the target to speak: between two events of a stream, and from a poll to the end of its
 * answer. Empty in older records.
 */
export const WaitTimes = z.object({ eventGap: TimesSchema, answerHeld: TimesSchema }).default(NO_WAITS);
