import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sample } from '../../core/schemas/record.ts';
import type { SharesSummary } from '../../core/schemas/share-residual.ts';
import { strangeAmong } from '../../core/stats/strange-shares.ts';

type Strange = SharesSummary['strange'][number];

/** How the shares of a leg differ, by its memory points; null where one machine held all. */
export function sharesOf(own: readonly Sample[]): LegSummary['shares'] {
  const held = own.flatMap((sample) =>
    sample.type === 'memory' && sample.residuals !== undefined
      ? [{ level: sample.level, residuals: sample.residuals }]
      : [],
  );
  const last = held.at(-1);
  if (last === undefined) return null;
  const strange = new Map<string, Strange>();
  for (const { level, residuals } of held) {
    for (const one of strangeAmong(residuals)) {
      const key = `${one.share} ${one.host} ${one.figure}`;
      const before = strange.get(key);
      if (before === undefined || one.value > before.value) strange.set(key, { ...one, level });
    }
  }
  return { level: last.level, residuals: [...last.residuals], strange: [...strange.values()] };
}
