/** The live page, in a browser, on real runs. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Summary } from '../../core/schemas/summary.ts';
import { humanInterval } from '../../core/values/units.ts';
import type { RunView } from '../../live/view.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { plainRows } from '../../report/words/verdict-rows.ts';
import { assertAccessible, figureOf, launchBrowser, openPage, rowsOf, textOf } from '../support/browser.ts';
import { assertWentThrough, HASTY, killIfThere, newFolder, type Started, startConnrig } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { needs } from '../support/needs.ts';
import { climb, progressOf, shareState, tick, writeRun } from '../support/synthetic-run.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 300_000, skip: needs('chromium') };
const LONG_MS = 120_000;
/** Each look asks a browser, which takes its time from the run. */
const EVERY_MS = 150;

let launched: Promise<Browser> | undefined;
/** One for all tests of this file; each closes its pages. */
const theBrowser = (): Promise<Browser> => {
  launched ??= launchBrowser();
  return launched;
};
after(async () => (await launched)?.close());

const summaryIn = (folder: string): Summary => JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));

/** Where a command says it can be looked at. */
const addressIn = (started: Started): Promise<string> =>
  eventually(() => /http:\/\/[\d.]+:\d+\//.exec(started.stderr())?.[0], 'where the page is', LONG_MS);

/** Numbers with separators → numbers. */
const numberIn = (text: string): number => Number(text.replaceAll(',', ''));

async function assertSaysWhat(page: Page, summary: Summary): Promise<void> {
  await eventually(
    async () => (await page.getByText('This is what summary.json says').count()) === 1,
    'the final verdict',
    LONG_MS,
    EVERY_MS,
  );
  const shown = await rowsOf(page, 'Verdict, leg by leg');
  for (const { label, cells } of plainRows(summary)) assert.deepEqual(shown.get(label.trim()), cells, label);
}

it('follows a run, and says at the end what summary.json says', TIMEOUT, async (t) => {
  // Before the run, which doesn't wait for it.
  const browser = await theBrowser();
  const folder = newFolder(t);
  const plan = ['--protocol', 'tcp,ws', '--connections', '1k', '--levels', '3', '--rate', '1k/s', ...HASTY];
  const run = startConnrig(t, ['run', '--live', '0', '--linger', '10m', '--out', folder, ...plan]);
  const url = await addressIn(run);
  const { page, troubles } = await openPage(browser, url, /\/events$/);

  // As the run goes on, so do the numbers: each is among those that the record has.
  const seen: number[] = [];
  await eventually(
    async () => {
      const open = numberIn(await figureOf(page, 'open'));
      if (Number.isFinite(open) && open !== seen.at(-1)) seen.push(open);
      return (await textOf(page.locator('.phase'))).startsWith('ws');
    },
    'the second leg',
    LONG_MS,
    EVERY_MS,
  );
  assert.ok(new Set(seen).size >= 4, `it showed ${seen}`);
  assert.ok(Math.max(...seen) <= 1000 && Math.max(...seen) >= 600, `it showed ${seen}`);
  await eventually(
    async () => (await page.locator('figure:visible svg').count()) >= 6,
    'charts of both legs',
    LONG_MS,
    EVERY_MS,
  );
  assert.match(await textOf(page.getByRole('status')), /live/);
  await assertAccessible(page, 'while it runs');

  await eventually(() => run.stderr().includes('stays at'), 'the end', LONG_MS);
  const summary = summaryIn(folder);
  await assertSaysWhat(page, summary);
  const state = (await (await fetch(`${url}state.json`)).json()) as RunView;
  assert.deepEqual(state.verdict?.summary, summary);
  assert.deepEqual(state.progress.done, state.progress.all);
  const { total = null } = summary.legs.at(-1)?.perConnection ?? {};
  const cost = total === null ? '–' : humanInterval(total.bytes, total.low, total.high);
  assert.equal(await figureOf(page, 'one more costs, so far'), cost);
  const outcomes = await rowsOf(page, 'How attempts to open ended');
  assert.deepEqual(
    outcomes.get('attempts in all')?.map(numberIn),
    summary.legs.map(({ attempts }) => attempts),
  );
  // Numbers of a chart: those of the summary.
  await page.locator('summary:visible').first().click();
  // A browser tells of what was opened a moment later, and its table is drawn then.
  const points = await eventually(async () => {
    const rows = await rowsOf(page, 'Numbers: tcp: memory against connections');
    return rows.size > 0 && rows;
  }, 'the numbers of a chart');
  assert.deepEqual(
    [...points.keys()].map(numberIn),
    summary.legs[0]!.levels.map(({ open }) => open),
  );

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(page, `at the end, ${colorScheme}`);
  }
  await assertFitsPhone(page);
  await assertWorksByKeyboard(page);
  assert.deepEqual(troubles, []);

  // Nobody looks any more, so it doesn't stay.
  await page.close();
  assertWentThrough(await run.ended);
});

async function assertFitsPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 });
  await eventually(async () => {
    const widths = await page.evaluate<number[]>(
      '[document.documentElement.scrollWidth, ...[...document.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect().right)]',
    );
    return widths.every((width) => width <= 360);
  }, 'nothing is wider than a phone');
  await assertAccessible(page, 'on a phone');
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** From the top, each press of Tab goes to something that can be seen to have it; Enter opens what can be opened. */
async function assertWorksByKeyboard(page: Page): Promise<void> {
  // The run leaves when nobody has looked for a while; a busy machine takes longer than that to load a page.
  const looking = new AbortController();
  await fetch(new URL('events', page.url()), { signal: looking.signal });
  await page.reload();
  await page.getByText('This is what summary.json says').waitFor();
  looking.abort();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  const reached = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const { name, outline } = await page.evaluate<{ name: string; outline: string }>(
      `(({ activeElement }) => ({
        name: activeElement.tagName === 'BODY' ? '' : activeElement.tagName + ' ' + (activeElement.getAttribute('aria-label') ?? activeElement.closest('figure')?.querySelector('h3')?.textContent),
        outline: getComputedStyle(activeElement).outlineStyle,
      }))(document)`,
    );
    if (name === '') break;
    assert.notEqual(outline, 'none', name);
    reached.add(name);
  }
  assert.ok(reached.has('DIV Verdict, leg by leg'), [...reached].join(', '));
  const summary = page.locator('summary:visible').last();
  await summary.focus();
  await page.keyboard.press('Enter');
  assert.equal(await summary.evaluate((element) => element.parentElement?.hasAttribute('open')), true);
}

it('begins anew by itself when its server was gone, and follows to the end', TIMEOUT, async (t) => {
  const browser = await theBrowser();
  const folder = newFolder(t);
  const server = await startEcho('tcp');
  t.after(() => server.close());
  const plan = [
    server.url,
    '--connections',
    '300',
    '--levels',
    '3',
    '--rate',
    '100/s',
    '--open-timeout',
    '5m',
    ...HASTY,
  ];
  const run = startConnrig(t, ['run', '--out', folder, ...plan]);
  const samples = join(folder, 'samples.jsonl');
  await eventually(
    () => existsSync(samples) && readFileSync(samples, 'utf8').includes('"baseline"'),
    'the run has begun',
    LONG_MS,
  );
  // The run waits for its target, until the page has lost its server and found it again.
  server.kill('SIGSTOP');
  const first = startConnrig(t, ['live', folder, '--listen', ':0']);
  const url = await addressIn(first);
  // A browser asks for the icon when it likes, perhaps when the server is gone.
  const { page, troubles } = await openPage(browser, url, /\/(events|icon\.svg)$/);
  t.after(() => page.close());
  const status = page.getByRole('status');
  await eventually(async () => (await textOf(status)) === 'live', 'it is live');

  killIfThere(first.pid);
  await eventually(async () => /lost/.test(await textOf(status)), 'it says that the connection is lost');
  await assertAccessible(page, 'while nobody answers');
  const again = startConnrig(t, ['live', folder, '--listen', `:${new URL(url).port}`]);
  await eventually(
    async () => (await textOf(status)) !== 'connection lost; trying again',
    'it is back',
    LONG_MS,
    EVERY_MS,
  );
  assert.notEqual(await textOf(page.locator('.phase')), 'The run has ended.');
  server.kill('SIGCONT');

  assertWentThrough(await run.ended);
  await assertSaysWhat(page, summaryIn(folder));
  assert.equal(await textOf(page.locator('.phase')), 'The run has ended.');
  assert.deepEqual(troubles, []);
  killIfThere(again.pid, 'SIGINT');
  assert.equal((await again.ended).code, 0);
});

it('shows whatever somebody called things as text', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  const evil = `<img src=x onerror="document.title='owned'">`;
  const run = startConnrig(t, [
    'run',
    'tcp://127.0.0.1:9',
    '--command',
    `sh -c 'exit 1' '${evil.replaceAll("'", '"')}'`,
    '--out',
    folder,
  ]);
  await run.ended;
  const live = startConnrig(t, ['live', folder, '--listen', ':0']);
  const { page, troubles } = await openPage(await theBrowser(), await addressIn(live));
  t.after(() => page.close());
  await eventually(async () => (await textOf(page.locator('#subtitle'))).includes('<img src=x'), 'its name');
  assert.equal(await page.locator('img').count(), 0);
  assert.match(await textOf(page.getByRole('alert')), /^ETARGET/);
  assert.notEqual(await page.title(), 'owned');
  await assertAccessible(page, 'with an error');
  assert.deepEqual(troubles, []);
});

it('has a row for each share that another machine holds', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  const { counts } = progressOf(900);
  const shares = [
    shareState({ worker: 'one', host: 'a', open: 600, opened: 600, rssBytes: 2 ** 26, latenessMs: 3 }),
    shareState({ share: 1, worker: 'two', host: 'b', open: 300, lease: 'unheard', heardAgoMs: 7000 }),
  ];
  writeRun(folder, { samples: [...climb(5000), { ...tick(900, counts, { elapsedMs: 60_000 }), shares }] });
  const live = startConnrig(t, ['live', folder, '--listen', ':0']);
  const { page, troubles } = await openPage(await theBrowser(), await addressIn(live));
  t.after(() => page.close());
  const rows = await eventually(
    async () => {
      const told = await rowsOf(page, 'Workers of the fleet');
      return told.size === 2 ? told : undefined;
    },
    'both workers',
    LONG_MS,
    EVERY_MS,
  );
  assert.deepEqual(rows.get('1'), ['one', 'a', 'held', '100 ms ago', '600', '0', '3.00 ms', '0.00', '64.0 MiB']);
  assert.deepEqual(rows.get('2')!.slice(0, 5), ['two', 'b', 'unheard', '7.00 s ago', '300']);
  await assertAccessible(page, 'with workers');
  assert.deepEqual(troubles, []);
});

it('asks for a token like any page, and only from who is on this machine without', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  writeRun(folder, { samples: climb(5000) });
  writeReport(folder);
  const refused = await startConnrig(t, ['live', folder, '--listen', '0.0.0.0:0']).ended;
  assert.match(refused.stderr, /EUSAGE: .*only who knows a token/);
  const token = 'let-me-look-at-this-run';
  const live = startConnrig(t, ['live', folder, '--listen', '0.0.0.0:0'], { env: { CONNRIG_ADMIN_TOKEN: token } });
  const url = await addressIn(live);
  assert.equal((await fetch(url)).status, 401);
  assert.equal((await fetch(`${url}state.json`, { headers: { authorization: `Bearer ${token}` } })).status, 200);

  const browser = await theBrowser();
  const context = await browser.newContext({ httpCredentials: { username: 'me', password: token } });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  await assertSaysWhat(page, summaryIn(folder));
});
