/** Reports of recorded runs in a browser: nothing goes wrong, nothing leaves, everybody can read them, also on paper. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeReport } from '../../report/write-report.ts';
import { goldenRuns, renderedIn, unpackGolden } from '../../scripts/golden/golden-runs.ts';
import { assertAccessible, openBrowser, openPage } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

const TIMEOUT = { timeout: 240_000, skip: needs('chromium') };

test('every recorded run has a report that a browser shows without a complaint', TIMEOUT, async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'connrig-golden-'));
  t.after(() => rmSync(base, { recursive: true }));
  const browser = await openBrowser(t);
  const seen = new Set<string>();
  for (const name of goldenRuns()) {
    await t.test(name, async () => {
      const folder = join(base, name);
      unpackGolden(name, folder);
      writeReport(folder);
      const { page, troubles } = await openPage(browser, `file://${join(folder, 'report.html')}`);
      const grounds: unknown[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await assertAccessible(page, `${name}, ${colorScheme}`);
        grounds.push(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'));
      }
      assert.deepEqual(grounds, ['rgb(255, 255, 255)', 'rgb(21, 24, 29)']);
      // Wide tables scroll alone, not the page.
      await page.setViewportSize({ width: 360, height: 800 });
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360);
      const pdf = (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1');
      const pages = pdf.match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
      assert.ok(pages >= 2 && pages <= 12, `${pages} pages`);
      // Paper is white, whatever the reader prefers on a screen.
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      assert.equal(
        await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'),
        'rgb(255, 255, 255)',
      );
      assert.deepEqual(troubles, []);
      await page.close();
      for (const file of renderedIn(folder).keys()) {
        // Every kind of chart once.
        if (!file.endsWith('.svg') || seen.has(file)) continue;
        seen.add(file);
        const svg = await openPage(browser, `file://${join(folder, file)}`);
        assert.equal(await svg.page.evaluate('document.documentElement.nodeName'), 'svg', file);
        assert.equal(await svg.page.locator('parsererror').count(), 0, file);
        assert.deepEqual(svg.troubles, []);
        await svg.page.close();
      }
    });
  }
});
