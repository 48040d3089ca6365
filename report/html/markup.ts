import { type Part, phraseOf } from '../words/phrase.ts';

/** HTML that is safe to put into a page: only {@link html} and {@link trusted} make it. */
export class Markup {
  readonly #text: string;

  constructor(text: string, key: typeof KEY) {
    if (key !== KEY) throw new TypeError('HTML is made by html`` alone');
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}
const KEY = Symbol('html');

/** What may stand in a template. Words and phrases are escaped, a number within a phrase keeps its exact value. */
export type Child = Markup | Part | number | null | undefined | false | readonly Child[];

/**
 * HTML from a template whose values are escaped, whatever they are. Attributes have to be quoted in the template.
 *
 * @throws TypeError where a value stands in an attribute without quotes
 */
export function html(words: TemplateStringsArray, ...values: readonly Child[]): Markup {
  const tagged = inTags(words);
  const pieces = words.map((word, i) => {
    if (i === values.length) return word;
    if (!tagged[i]) return word + textOf(values[i]);
    if (!/=\s*"[^"]*$/.test(word)) throw new TypeError(`a value without quotes after ${word.slice(-20)}`);
    // In a tag there are no elements, whatever comes in.
    return word + escaped(String(values[i] ?? ''));
  });
  return new Markup(pieces.join(''), KEY);
}

/** What another maker of markup has escaped: an SVG from charts/, a style sheet of ours. Never what a user wrote. */
export const trusted = (text: string): Markup => new Markup(text, KEY);

/** For texts and for attributes in quotes. Control characters, which no page may have, become a sign that shows. */
export const escaped = (text: string): string =>
  text.replace(UNFIT, '\ufffd').replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;

/** A template is the same each time, and some make thousands of cells. */
const known = new WeakMap<TemplateStringsArray, readonly boolean[]>();

/** For each place of a template, whether a tag is open there. */
function inTags(words: TemplateStringsArray): readonly boolean[] {
  const there = known.get(words);
  if (there) return there;
  const found = words.map((_, i) => {
    const before = words.slice(0, i + 1).join('');
    return before.lastIndexOf('<') > before.lastIndexOf('>');
  });
  known.set(words, found);
  return found;
}

function textOf(child: Child): string {
  if (child === null || child === undefined || child === false) return '';
  if (child instanceof Markup) return child.toString();
  if (typeof child === 'string' || typeof child === 'number') return escaped(String(child));
  if (isPart(child)) return phraseOf(child).map(pieceOf).join('');
  return child.map(textOf).join('');
}

const isPart = (child: Part | readonly Child[]): child is Part => typeof child === 'object' && 'value' in child;

const pieceOf = (piece: ReturnType<typeof phraseOf>[number]): string =>
  typeof piece === 'string' ? escaped(piece) : `<data value="${piece.value}">${escaped(piece.text)}</data>`;
