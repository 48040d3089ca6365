import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { Doings } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile, Sample } from '../../core/schemas/record.ts';
import { broadcastOf } from './broadcasts.ts';
import type { HeldLevel } from './cost-parts.ts';
import { churnOf, soakOf } from './going-on.ts';
import { slowOf } from './slow.ts';
import { stormOf } from './stormed.ts';
import { vanishOf } from './vanished.ts';

/**
 * What came of that which befell one leg's connections in one launch.
 *
 * @param own samples of the leg in that launch
 * @param rest its levels as they were held, and the baseline: to them memory while connections are replaced is compared
 */
export function doingsOf(
  run: RunFile,
  own: readonly Sample[],
  leg: RecordedLeg,
  { held, baseline }: { readonly held: readonly HeldLevel[]; readonly baseline: MemoryPoint | undefined },
): Doings {
  return {
    churn: churnOf(run, own, held, baseline),
    soak: soakOf(run, own),
    storm: stormOf(own),
    slow: slowOf(leg, own),
    vanish: vanishOf(own),
    broadcast: broadcastOf(own),
  };
}
