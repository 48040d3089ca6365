/** What holds for every page that is written: its numbers, what it asks for, and how a browser and paper show it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { renderedIn } from '../../scripts/golden/golden-runs.ts';
import { assertAccessible, openBrowser, openPage } from '../support/browser.ts';
import { needs } from '../support/needs.ts';
import { assertNumbers } from './numbers.ts';
import { makePages } from './pages.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-pages-'));
after(() => rmSync(base, { recursive: true }));
const pages = makePages(base);

for (const { name, html, numbers, around } of pages) {
  test(`${name}: every number is in its JSON`, () => {
    assert.ok(assertNumbers(html, numbers, around) > 20);
  });

  test(`${name}: asks for nothing`, () => {
    assert.doesNotMatch(html, /<link rel="stylesheet|@import|(?:src|href)="(?!data:,"|\.\/|#)|url\((?!#)/);
    // The index alone has a script of its own, which its policy names by its hash.
    assert.equal(html.match(/<script/g)?.length ?? 0, name.endsWith('index.html') ? 1 : 0);
    assert.ok(html.length < 500_000, String(html.length));
  });
}

const SPOILERS: ReadonlyArray<[string, RegExp, string]> = [
  ['a value', /<data value="[\d.]+"/, '<data value="123456789"'],
  ['how a value is printed', /(<data value="[^"]*">)[\d.]+/, '$1987654'],
  ['a cell', /<td class="number \w+"[^>]*>/, '$&7'],
  ['the head of a row', /<th scope="row" class="[^"]*">/, '$&7'],
  ['what is said of a chart', /<figcaption>/, '$&123456 '],
  ['what is to be pasted', /ulimit -n /, '$&9'],
  ['what it was measured on', /(id="measured-on".*?<data value=")\d+/s, '$1123456789'],
];
test('a number that is nowhere is found out, wherever it stands', () => {
  const seen = new Map<string, number>();
  for (const { name, html, numbers, around } of pages) {
    for (const [what, where, instead] of SPOILERS) {
      const spoilt = html.replace(where, instead);
      if (spoilt === html) continue;
      assert.throws(() => assertNumbers(spoilt, numbers, around), assert.AssertionError, `${name}: ${what}`);
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  }
  const [values = 0, printed = 0, cells = 0, heads = 0, captions = 0, ...some] = SPOILERS.map(([what]) =>
    seen.get(what),
  );
  // No two of the recorded runs are of one plan, so their index has no chart.
  assert.deepEqual([values, printed, cells, heads, captions], [...Array(4).fill(pages.length), pages.length - 1]);
  assert.ok(some.every((times) => times !== undefined));
});

const TIMEOUT = { timeout: 240_000, skip: needs('chromium') };
test('a browser shows every page without a complaint, to everybody, and on paper', TIMEOUT, async (t) => {
  const browser = await openBrowser(t);
  for (const { name, path } of pages) {
    await t.test(name, async () => {
      const { page, troubles } = await openPage(browser, `file://${path}`);
      const grounds: unknown[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await assertAccessible(page, `${name}, ${colorScheme}`);
        grounds.push(await groundOf(page));
      }
      assert.deepEqual(grounds, ['rgb(255, 255, 255)', 'rgb(21, 24, 29)']);
      // Wide tables and charts scroll alone, not the page, and what they are about is seen without.
      await page.setViewportSize({ width: 360, height: 800 });
      assert.ok((await widthOf(page)) <= 360);
      assert.ok((await page.evaluate<number>(`Math.max(...${RIGHT_ENDS('caption, figcaption, h3')})`)) <= 360);
      // Paper is white, whatever the reader prefers on a screen, and nothing is cut off at its right.
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      await page.setViewportSize({ width: A4_WIDTH, height: 1000 });
      assert.equal(await groundOf(page), 'rgb(255, 255, 255)');
      assert.ok((await widthOf(page)) <= A4_WIDTH);
      const pdf = (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1');
      const sheets = pdf.match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
      assert.ok(sheets >= 1 && sheets <= 12, `${sheets} sheets`);
      assert.deepEqual(troubles, []);
      await page.close();
    });
  }
  await t.test('charts beside reports', async () => {
    const seen = new Set<string>();
    // One page for all of them: a new one takes longer than a chart.
    const { page, troubles } = await openPage(browser, 'about:blank');
    for (const folder of pages.map(({ path }) => dirname(path))) {
      for (const file of renderedIn(folder).keys()) {
        // Every kind of chart once.
        if (!/^charts\/.*\.svg$/.test(file) || seen.has(file)) continue;
        seen.add(file);
        await page.goto(`file://${join(folder, file)}`);
        assert.equal(await page.evaluate('document.documentElement.nodeName'), 'svg', file);
        assert.equal(await page.locator('parsererror').count(), 0, file);
        assert.deepEqual(troubles, []);
      }
    }
    await page.close();
    assert.ok(seen.size >= 10, String(seen.size));
  });
});

/** 210 mm less margins of 14 mm, in CSS pixels. */
const A4_WIDTH = Math.floor(((210 - 28) / 25.4) * 96);

const groundOf = (page: Page): Promise<unknown> =>
  page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
const widthOf = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth');
const RIGHT_ENDS = (selector: string): string =>
  `[...document.querySelectorAll('${selector}')].map((one) => one.getBoundingClientRect().right)`;
