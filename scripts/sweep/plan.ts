import { z } from 'zod';
import type { Cell } from '../../lab/run-cell.ts';

/**
 * A matrix of runs: what they have in common, and for each thing that varies its choices by name, each with the options
 * that make it.
 */
export const SweepPlan = z.strictObject({
  /** Options of `connrig run` for every cell. */
  run: z.array(z.coerce.string()).default([]),
  /** `payload: { small: [--behaviour, echo:1k/s:64B], large: [--behaviour, echo:1k/s:4KiB] }` */
  vary: z
    .record(z.string().regex(/^[\w.-]+$/), z.record(z.string().regex(/^[\w.-]+$/), z.array(z.coerce.string())))
    .refine((axes) => Object.values(axes).every((choices) => Object.keys(choices).length > 0), 'has no choice'),
});
export type SweepPlan = z.infer<typeof SweepPlan>;

/** Every combination, such as `payload-small_processes-2`, the last axis varying fastest. Without an axis there is one cell. */
export function planSweepCells({ run, vary }: SweepPlan): Cell[] {
  const start: Cell[] = [{ name: '', args: run }];
  const cells = Object.entries(vary).reduce(
    (made, [axis, choices]) =>
      made.flatMap(({ name, args }) =>
        Object.entries(choices).map(([choice, more]) => ({
          name: `${name === '' ? '' : `${name}_`}${axis}-${choice}`,
          args: [...args, ...more],
        })),
      ),
    start,
  );
  return cells.map(({ name, args }) => ({ name: name || 'run', args }));
}
