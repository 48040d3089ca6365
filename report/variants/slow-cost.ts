import { z } from 'zod';
import type { VariantResult } from '../../core/schemas/variants.ts';
import { costOverLaunches } from '../../core/stats/launches.ts';
import type { Estimate } from '../../core/stats/slope.ts';

/** As the summary of a leg has it in which some read slowly. */
const SlowLeg = z.object({
  slow: z.object({
    userBytesPerSlow: z.number().nullable(),
    allocatedBytesPerSlow: z.object({ target: z.number().nullable() }),
  }),
});

/**
 * What one connection that reads slowly takes besides, over the runs of a variant: slow readers come once levels were read, so that
 * no level tells it.
 *
 * @returns null where none read slowly
 */
export function slowCostOf(legs: readonly unknown[]): VariantResult['slow'] {
  const known = legs.flatMap((leg) => SlowLeg.safeParse(leg).data?.slow ?? []);
  if (known.length === 0) return null;
  const over = (values: ReadonlyArray<number | null>): Estimate | null =>
    costOverLaunches(values.flatMap((bytes) => (bytes === null ? [] : [{ bytes, low: bytes, high: bytes }])))?.slope ??
    null;
  return {
    user: over(known.map(({ userBytesPerSlow }) => userBytesPerSlow)),
    kernel: over(known.map(({ allocatedBytesPerSlow }) => allocatedBytesPerSlow.target)),
  };
}
