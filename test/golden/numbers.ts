import assert from 'node:assert/strict';
import { humanBytes, humanCount, humanMs } from '../../core/units.ts';

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
  return [
    ...fixed,
    ...groups,
    ...percents,
    humanBytes(value),
    humanCount(value),
    ...(value < 0 ? [] : [humanMs(value)]),
  ];
}

const TEXT = /<data value="([^"]*)">([^<]*)<\/data>/g;
/** `p99.9` and `R²` name a quantity, `95 %` is what all intervals are of. */
const NAMES = /\bp\d+(?:\.\d+)?|R²|95 %/g;
const PRINTED = /-?\d[\d,.]*\d(?: (?:B|[KMGT]iB|ms|s|%)(?![\w]))?|-?\d(?: (?:B|[KMGT]iB|ms|s|%)(?![\w]))?/g;

/**
 * Every number of the page is one of summary.json: those in tables and sentences by their exact value, those that charts
 * say in words and what is to be pasted by how they are printed. What the run was measured on is in run.json.
 *
 * @returns how many were looked up
 */
export function assertNumbers(page: string, summary: unknown, run: unknown): number {
  const [known, around] = [numbersIn(summary), numbersIn(run)];
  const printed = new Set([...known].flatMap(formsOf));
  let checked = 0;
  for (const section of page.split(/(?=<section )/)) {
    const among = section.startsWith('<section id="measured-on"') ? around : known;
    for (const [whole, value, text] of section.matchAll(TEXT)) {
      assert.ok(among.has(Number(value)), `${whole} is not there`);
      assert.ok(formsOf(Number(value)).includes(text!), `${whole} shows something else`);
      checked += 1;
    }
  }
  for (const [cell] of page.matchAll(/<(?:td|th)[ >].*?<\/(?:td|th)>/gs)) {
    const words = cell
      .replace(TEXT, '')
      .replace(/<[^>]*>/g, '')
      .replace(NAMES, '');
    assert.doesNotMatch(words, /\d/, `a number of nowhere: ${cell}`);
  }
  for (const [, said] of page.matchAll(/<(?:figcaption|pre[^>]*)>(.*?)<\/(?:figcaption|pre)>/gs)) {
    const words = said!
      .replace(/&#39;/g, "'")
      .replace(TEXT, '')
      .replace(/<[^>]*>/g, '')
      .replace(NAMES, '');
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
