/** The wire as schemas, for carriers that leave this process. Made from the lists that its types are made from. */
import { z } from 'zod';
import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../core/values/outcomes.ts';
import { HISTOGRAMS, ORDER_FIELDS, TALLY_FIELDS, WIRE_VERSION } from './wire.ts';

const count = z.number().int().nonnegative();

const countOfEach = <Name extends string>(names: readonly Name[]) => z.record(z.enum(names), count);

/** Not every counter is whole: moments are in ms with fractions. */
const numberOfEach = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, z.number().nonnegative()])) as Record<Name, z.ZodNumber>;

export const OrderMessage = z.strictObject({ version: z.literal(WIRE_VERSION), ...numberOfEach(ORDER_FIELDS) });

export const TallyMessage = z.strictObject({
  version: z.literal(WIRE_VERSION),
  ...numberOfEach(TALLY_FIELDS),
  outcomes: countOfEach(OUTCOMES),
  closeReasons: countOfEach(CLOSE_REASONS),
  statuses: countOfEach(STATUS_CLASSES),
});

/** `[lowest µs of the bucket, count]` pairs of one distribution; see core/stats/histogram.ts. */
export const DistributionMessage = z.strictObject({
  version: z.literal(WIRE_VERSION),
  name: z.enum(HISTOGRAMS),
  counts: z.array(z.tuple([z.number().nonnegative(), count])),
});

export const TroubleMessage = z.strictObject({
  version: z.literal(WIRE_VERSION),
  what: z.enum([...OUTCOMES, ...CLOSE_REASONS]),
  detail: z.string(),
  openMs: z.number().nonnegative().optional(),
  silentMs: z.number().nonnegative().optional(),
});
