import {
  aboutCount,
  FAR_TIMES,
  humanBytes,
  humanBytesAlike,
  humanCells,
  humanCount,
  humanMs,
} from '../../core/values/units.ts';

/** A number and how people read it, with its unit. HTML keeps the exact value beside the text. */
export interface Quantity {
  readonly value: number;
  readonly text: string;
}

/** Words with numbers in them: made once, shown as plain text, Markdown or HTML. */
export type Phrase = ReadonlyArray<string | Quantity>;
export type Part = string | Quantity | Phrase;

export const UNKNOWN = '–';

/** Makes a phrase of words and what stands between them: say`${bytes(512)} each`. */
export const say = (words: TemplateStringsArray, ...parts: readonly Part[]): Phrase =>
  words.flatMap((word, i) => [...phraseOf(word), ...(i < parts.length ? phraseOf(parts[i]!) : [])]);

/** No words are no phrase. */
export function phraseOf(part: Part): Phrase {
  if (part === '') return [];
  return typeof part === 'string' || 'value' in part ? [part] : part;
}

export const plain = (part: Part): string =>
  phraseOf(part)
    .map((piece) => (typeof piece === 'string' ? piece : piece.text))
    .join('');

/** @param separator between two of them; what is empty is left out */
export function joined(parts: readonly Part[], separator: string): Phrase {
  const phrases = parts.map(phraseOf).filter((phrase) => phrase.length > 0);
  return phrases.flatMap((phrase, i) => (i === 0 ? phrase : [separator, ...phrase]));
}

export const bytes = (value: number): Quantity => ({ value, text: humanBytes(value) });
/** A size: what scatter puts below nothing is nothing. Differences are {@link bytes}. */
export const size = (value: number): Quantity => bytes(Math.max(0, value));
export const count = (value: number): Quantity => ({ value, text: humanCount(value) });
/** Connections that follow from what was measured up to `top` of them. */
export const farCount = (value: number, top: number): Quantity => countBeyond(value, value / top);
/** The same where it is known how far beyond what was measured they lie. */
export const countBeyond = (value: number, extrapolation: number): Quantity =>
  extrapolation > FAR_TIMES ? { value, text: aboutCount(value) } : count(value);
/** Values in the unit and with the digits of the first, which alone has the unit behind it. */
export function alike(
  first: number,
  ...others: readonly number[]
): { readonly quantities: Quantity[]; readonly unit: string } {
  const { values, unit } = humanBytesAlike(first, ...others);
  const quantities = [first, ...others].map((value, i) => ({
    value,
    text: `${values[i]}${i === 0 ? ` ${unit}` : ''}`,
  }));
  return { quantities, unit };
}
/** The same in columns of a table: each with the unit, and it is the same one. */
export const bytesAlike = (...values: readonly [number, ...number[]]): Quantity[] =>
  humanCells(...values).map((text, i) => ({ value: values[i]!, text }));
export const ms = (value: number): Quantity => ({ value, text: humanMs(value) });
export const percent = (value: number, digits = 0): Quantity => ({ value, text: `${value.toFixed(digits)} %` });
/** `1 level`, `8 levels`. */
export const counted = (value: number, one: string, many = `${one}s`): Phrase =>
  say`${count(value)} ${value === 1 ? one : many}`;
/** Without a unit. */
export const decimal = (value: number, digits: number): Quantity => ({ value, text: value.toFixed(digits) });

export const orUnknown = (value: number | null | undefined, make: (value: number) => Part): Phrase =>
  phraseOf(value === null || value === undefined ? UNKNOWN : make(value));
