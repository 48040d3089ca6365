import type { Summary } from '../../core/schemas/summary.ts';
import { kindOf } from '../../core/values/thresholds.ts';
import { bytes, decimal, ms, orUnknown, type Phrase, percent } from './phrase.ts';

type Checked = Summary['thresholds'][number];

/** In the unit of what was measured. */
export function measuredOf({ expression, value }: Checked): Phrase {
  const kind = kindOf(expression.split(/[\s<>=]/)[0]!.split('.'));
  return orUnknown(value, (known) => {
    if (kind === 'bytes') return bytes(known);
    if (kind === 'duration') return ms(known);
    if (kind === 'percent') return percent(known, 1);
    return { value: known, text: Number.isInteger(known) ? String(known) : decimal(known, 4).text };
  });
}

export const wordOf = ({ value, passed, isShown }: Pick<Checked, 'value' | 'passed' | 'isShown'>): string =>
  passed ? 'passed' : !isShown ? 'inconclusive' : value === null ? 'failed: it is not known' : 'failed';
