import assert from 'node:assert/strict';
import { aboutCount, humanBytes, humanCount, humanMs } from '../../core/values/units.ts';

/** Every number in a JSON value, and the length of every list in it: tables and sentences count rows. */
export function numbersIn(value: unknown): Set<number> {
  const found = new Set<number>();
  const walk = (one: unknown): void => {
    if (typeof one === 'number') found.add(one);
    else if (Array.isArray(one)) {
      found.add(one.length);
      for (const item of one) walk(item);
    } else if (one !== null && typeof one === 'object') for (const item of Object.values(one)) walk(item);
  };
  walk(value);
  return found;
}

/** Every way in which a number may be printed. */
function formsOf(value: number): string[] {
  const fixed = [0, 1, 2, 4].map((digits) => value.toFixed(digits));
  const groups = fixed.map((text) => text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ','));
  const percents = fixed.slice(0, 2).map((text) => `${text} %`);
  // Of what is far beyond what was measured two digits are told; ends of an interval are in the unit of its middle.
  const about = aboutCount(value);
  const scales = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].flatMap((unit, power) =>
    [0, 1].flatMap((digits) => {
      const text = (value / 1024 ** power).toFixed(digits);
      return [text, `${text} ${unit}`];
    }),
  );
  const forms = [
    about,
    about.split(' ')[1]!,
    ...scales,
    ...fixed,
    ...groups,
    ...percents,
    humanBytes(value),
    humanCount(value),
    ...(value < 0 ? [] : [humanMs(value)]),
    // Differences have their sign.
    ...(value > 0 ? [`+${humanBytes(value)}`, `+${value.toFixed(1)} %`] : []),
  ];
  return value > 0 ? [...forms, ...forms.map((form) => `+${form}`)] : forms;
}

/**
 * Every text with a digit in a JSON value, the longest first: names, versions, what a program has said. What a page says to
 * the letter is no number of its own. A moment is also there as pages print it.
 */
function textsIn(...values: unknown[]): string[] {
  const found = new Set<string>();
  JSON.stringify(values, (_, one: unknown) => {
    if (typeof one !== 'string' || !/\d/.test(one) || !/[a-z]/i.test(one)) return one;
    found.add(one);
    if (/^\d{4}-\d\d-\d\dT/.test(one)) found.add(one.slice(0, 16).replace('T', ' '));
    return one;
  });
  return [...found].sort((a, b) => b.length - a.length);
}

const TEXT = /<data value="([^"]*)">([^<]*)<\/data>/g;
/** `ipv4`, `TLS 1.3`, `p99.9` and `R²` are names, `95 %` is what all intervals are of, `--cycles 3` is to be typed. */
const NAMES = /ipv4|TLS 1\.[23]|\bp\d+(?:\.\d+)?|R²|95 %|--[a-z-]+ \d+/g;
const PRINTED = /-?\d[\d,.]*\d(?: (?:B|[KMGT]iB|ms|s|%)(?![\w]))?|-?\d(?: (?:B|[KMGT]iB|ms|s|%)(?![\w]))?/g;

/**
 * Every number of a page is one of its JSON. Those in tables and sentences are found by their exact value; those in charts'
 * words and in what is to be pasted, by how they are printed.
 *
 * @param around what it was measured on, which is in run.json
 * @returns how many were looked up
 */
export function assertNumbers(page: string, json: unknown, around: unknown): number {
  const [known, knownAround] = [numbersIn(json), numbersIn(around)];
  const texts = textsIn(json, around);
  const wordsOf = (html: string): string =>
    texts
      .reduce(
        (words, text) => words.replaceAll(text, ' '),
        html
          .replace(TEXT, '')
          .replace(/<[^>]*>/g, '')
          .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
      )
      .replace(NAMES, '');
  const printed = new Set([...known].flatMap(formsOf));
  let checked = 0;
  for (const section of page.split(/(?=<section )/)) {
    const among = section.startsWith('<section id="measured-on"') ? knownAround : known;
    for (const [whole, value, text] of section.matchAll(TEXT)) {
      assert.ok(among.has(Number(value)), `${whole} is not there`);
      assert.ok(formsOf(Number(value)).includes(text!), `${whole} shows something else`);
      checked += 1;
    }
  }
  for (const [cell] of page.matchAll(/<(?:td|th)[ >].*?<\/(?:td|th)>/gs)) {
    assert.doesNotMatch(wordsOf(cell), /\d/, `a number of nowhere: ${cell}`);
  }
  for (const [, said] of page.matchAll(/<(?:figcaption|pre[^>]*)>(.*?)<\/(?:figcaption|pre)>/gs)) {
    const words = wordsOf(said!);
    for (const [number] of words
      .replace(/(?<=\d)Mi\b/g, ' MiB')
      .replace(/ipv4/g, '')
      .matchAll(PRINTED)) {
      const isThere = printed.has(number) || (number.endsWith(' MiB') && known.has(Number.parseInt(number, 10)));
      assert.ok(isThere, `${number} in: ${words}`);
      checked += 1;
    }
  }
  return checked;
}
