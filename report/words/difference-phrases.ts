import type { Difference } from '../../core/stats/difference.ts';
import { alike, bytes, type Phrase, percent, type Quantity, say } from './phrase.ts';

/** `+512 B [+480, +544] (+11.1 %)`. */
export function differencePhrase(difference: Difference): Phrase {
  const share = difference.percent === null ? '' : say` (${signedPercent(difference.percent)})`;
  return say`${signedInterval(difference.bytes, difference.low, difference.high)}${share}`;
}

/** `+512 B [+480, +544]`. */
export function signedInterval(bytes: number, low: number, high: number): Phrase {
  const [middle, least, most] = alike(bytes, low, high).quantities.map(withSign);
  return say`${middle!} [${least!}, ${most!}]`;
}

/** `-12 and +34 B`: in the unit of the end that is farther from nothing. */
export function signedBounds({ low, high }: Difference): Phrase {
  const { quantities, unit } = alike(Math.max(Math.abs(low), Math.abs(high)), low, high);
  const [, least, most] = quantities.map(withSign);
  return say`${least!} and ${most!} ${unit}`;
}

/** `+512 B`. */
export const signedBytes = (value: number): Quantity => withSign(bytes(value));

/** 0 has no sign, however little it is off. */
const withSign = ({ value, text }: Quantity): Quantity => ({ value, text: `${value >= 0.5 ? '+' : ''}${text}` });
const signedPercent = (value: number): Quantity => ({
  value,
  text: `${value > 0 ? '+' : ''}${percent(value, 1).text}`,
});
