import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { commandOf } from './needs.ts';

/** Debian's Chromium, for who closes it. Tests that call this say `needs('chromium')`. */
export function launchBrowser(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: commandOf('chromium'), args });
}

/** The same, until the test ends. */
export async function openBrowser(t: TestContext): Promise<Browser> {
  const browser = await launchBrowser();
  t.after(() => browser.close());
  return browser;
}

/** What went wrong on a page, or left it, since it was opened. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts, violations of its policy, requests to anywhere else. */
  readonly troubles: string[];
}

/** @param mayFail requests that may get no answer, such as to a server that is restarted; an error is none of these */
export async function openPage(browser: Browser, url: string, mayFail = /^$/): Promise<WatchedPage> {
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    const { url: of } = message.location();
    const isExpected = mayFail.test(of) && message.text().includes('net::ERR_');
    if (['error', 'warning'].includes(message.type()) && !isExpected) troubles.push(`${of}: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) troubles.push(`it asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, troubles };
}

interface AxeResults {
  readonly violations: ReadonlyArray<{ readonly id: string; readonly nodes: ReadonlyArray<{ readonly html: string }> }>;
}

/** Every rule that axe-core has, contrast included, on the page as it stands. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  assert.deepEqual(told, [], what);
}

/** The rows of a table as it is shown, by their first cell. */
export async function rowsOf(page: Page, label: string): Promise<Map<string, string[]>> {
  const rows = await page
    .getByRole('region', { name: label })
    .locator('tbody tr')
    .evaluateAll((lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent?.trim() ?? '')));
  return new Map(rows.map(([first = '', ...cells]) => [first, cells]));
}

/** What an element says. */
export const textOf = async (element: Locator): Promise<string> => (await element.textContent()) ?? '';

/** The number below one of the page's headings for numbers: `open` → `1,500`. */
export const figureOf = (page: Page, name: string): Promise<string> =>
  textOf(page.locator('dl.figures div', { has: page.locator(`dt:text-is("${name}")`) }).locator('dd'));
