/** The live page, in a browser, on records of runs in which something befalls connections. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { DoingNow } from '../../core/schemas/doing-now.ts';
import type { Phase } from '../../core/values/plan.ts';
import { assertAccessible, figureOf, openBrowser, openPage, textOf } from '../support/browser.ts';
import { newFolder, startConnrig } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { climb, progressOf, runFile, tick, writeRun } from '../support/synthetic-run.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 300_000, skip: needs('chromium') };

interface Moment {
  readonly phase: Phase;
  readonly doing: DoingNow;
  readonly says: string;
  readonly figures: Readonly<Record<string, string>>;
}

const MOMENTS: readonly Moment[] = [
  {
    phase: 'storm',
    doing: { storm: { cut: 1500, back: 300, retries: 20 } },
    says: 'ws: 1,500 of 3,000 connections were cut, and 1,200 of them are still away, after 20 retries.',
    figures: { away: '1,200', 'back again': '300', retries: '20' },
  },
  {
    phase: 'storm',
    doing: { storm: { cut: 1500, back: 1500, retries: 0 } },
    says: 'ws: 1,500 of 3,000 connections were cut, and all of them are back.',
    figures: { away: '0', 'back again': '1,500' },
  },
  {
    phase: 'slow',
    doing: { slow: { slow: 290, closed: 10, queuedBytes: { target: 2 ** 21, client: 2 ** 20 } } },
    says: 'ws: 290 of 3,000 connections read slowly, 2.0 MiB wait for them at the target and 1.0 MiB here; the target has ended 10.',
    figures: {
      'reading slowly': '290',
      'queued at the target': '2.0 MiB',
      'queued here': '1.0 MiB',
      'ended by the target': '10',
    },
  },
  {
    phase: 'vanish',
    doing: { vanished: { of: 600, held: 450 } },
    says: 'ws: 600 of 3,000 connections have vanished, and the target still has 450 of them.',
    figures: { vanished: '600', 'still held': '450' },
  },
  {
    phase: 'churn',
    doing: { churn: { due: 1250, replaced: 1200 } },
    says: 'ws: replacing connections while 3,000 are open: 1,200 were so far, and 50 more are due.',
    figures: { replaced: '1,200', behind: '50' },
  },
  {
    phase: 'talk',
    doing: { broadcast: { expected: 9000, reached: 8990, late: 4 } },
    says: 'ws: publishing to 3,000 connections: 8,994 of 9,000 deliveries came so far.',
    figures: { deliveries: '8,994', awaited: '6' },
  },
  {
    phase: 'drain',
    doing: {},
    says: 'ws: closing all connections.',
    figures: {},
  },
];
const ALL_FIGURES = [...new Set(MOMENTS.flatMap(({ figures }) => Object.keys(figures)))];

it('says what befalls connections, and shows its numbers for as long as it does', TIMEOUT, async (t) => {
  const browser = await openBrowser(t);
  const folder = newFolder(t);
  const run = runFile({ status: 'running', finishedAt: null, exitCode: null });
  writeRun(folder, { run, samples: climb(5000).slice(0, 2) });
  const live = startConnrig(t, ['live', folder, '--listen', ':0']);
  const url = await eventually(() => /http:\/\/[\d.]+:\d+\//.exec(live.stderr())?.[0], 'where the page is', 60_000);
  const { page, troubles } = await openPage(browser, url, /\/events$/);
  t.after(() => page.close());
  let elapsedMs = 1e5;
  for (const { phase, doing, says, figures } of MOMENTS) {
    const said = (): Promise<string> => textOf(page.locator('.phase'));
    const isSaid = async (): Promise<boolean> => {
      // Again and again, since a record that says nothing for ten seconds is one of a run that stands still.
      elapsedMs += 200;
      const line = { ...tick(3000, progressOf(3000).counts, { elapsedMs }), phase, ...doing };
      appendFileSync(join(folder, 'samples.jsonl'), `${JSON.stringify(line)}\n`);
      return (await said()) === says;
    };
    await eventually(isSaid, says, 60_000, 200).catch(async (error) =>
      assert.fail(`${error}; it says: ${await said()}`),
    );
    for (const [name, value] of Object.entries(figures)) assert.equal(await figureOf(page, name), value, name);
    for (const name of ALL_FIGURES.filter((one) => figures[one] === undefined && !(phase === 'storm'))) {
      assert.equal(await page.locator('dt:visible', { hasText: new RegExp(`^${name}$`) }).count(), 0, name);
    }
    if (phase === 'slow') await assertAccessible(page, 'while connections read slowly');
  }
  assert.deepEqual(troubles, []);
});
