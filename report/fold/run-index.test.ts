import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunFile, Sample } from '../../core/schemas/record.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { indexPage, indexRows, terminalIndex } from '../outputs/index-page.ts';
import { writeReport } from '../outputs/write-report.ts';
import { plain } from '../words/phrase.ts';
import { isFolderOfRuns, readIndex } from './run-index.ts';

function folderOfRuns(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'connrig-index-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function addRun(root: string, name: string, run: RunFile, samples: readonly Sample[]): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'run.json'), JSON.stringify(run));
  writeFileSync(join(folder, 'samples.jsonl'), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
  writeFileSync(join(folder, 'events.jsonl'), '');
  return folder;
}

const one = (startedAt: string, more: Partial<RunFile> = {}): RunFile =>
  runFile({ plan: { legs: [leg()], launches: 1 }, startedAt, ...more });

test('runs are indexed in the order in which they began, the latest shown first, with what each came to', (t) => {
  const root = folderOfRuns(t);
  assert.equal(isFolderOfRuns(root), false);
  addRun(root, 'a-later', one('2026-02-02T10:00:00.000Z'), climb(6000));
  const earlier = addRun(root, 'b-earlier', one('2026-02-01T09:30:00.000Z'), climb(5000));
  writeReport(earlier);
  mkdirSync(join(root, 'no-run'));
  assert.equal(isFolderOfRuns(root), true);
  assert.equal(isFolderOfRuns(earlier), false, 'a run is not many');
  const index = readIndex(root);
  assert.deepEqual(
    index.runs.map(({ folder, hasPage, summary }) => [folder, hasPage, summary.legs.length]),
    [
      ['b-earlier', true, 1],
      ['a-later', false, 1],
    ],
  );
  const rows = indexRows(index);
  assert.deepEqual(
    rows.map(({ cells }) => plain(cells[0]!)),
    ['2026-02-02 10:00', '2026-02-01 09:30'],
  );
  const cost = (at: number): number => rows[at]!.leg!.perConnection!.user!.bytes;
  assert.ok(Math.abs(cost(0) - 6000) < 100 && Math.abs(cost(1) - 5000) < 100, `${cost(0)}, ${cost(1)}`);
  const page = indexPage(index, '0.0.0');
  assert.equal(page.match(/<a href="\.\/b-earlier\/report\.html">/g)?.length, 1);
  assert.doesNotMatch(page, /href="\.\/a-later/, 'no link to a page that is not there');
  assert.match(page, /id="trend-1-title"/);
  assert.equal(terminalIndex(index).split('\n').length, 1 + 2 + 1);
});

test('what can not be read is said, and the others are there', (t) => {
  const root = folderOfRuns(t);
  addRun(root, 'fine', one('2026-02-02T10:00:00.000Z'), climb(6000));
  for (const [name, text] of [
    ['newer', '{"schema":99}'],
    ['broken', '{"sch'],
    ['other', '{}'],
  ] as const) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'run.json'), text);
  }
  writeFileSync(join(root, 'fine', 'summary.json'), '{"schema":99}');
  const index = readIndex(root);
  assert.deepEqual([index.runs.length, index.runs[0]?.summary.legs.length], [1, 1], 'summed up anew');
  assert.deepEqual(
    index.unreadable.map(({ folder }) => folder),
    ['broken', 'newer', 'other'],
  );
  assert.match(index.unreadable[1]!.why, /newer connrig \(schema 99/);
  const page = indexPage(index, '0.0.0');
  assert.match(page, /newer connrig/);
  assert.doesNotMatch(page, /id="trend-1/, 'one run is no trend');
});

test('a trend has only runs that came to a cost, by one plan; labels stand at its points and in the table', (t) => {
  const root = folderOfRuns(t);
  const at = (hour: number): string => `2026-02-01T${String(hour).padStart(2, '0')}:00:00.000Z`;
  const labelled = (commit: string): Partial<RunFile> => ({ config: { labels: { commit } } });
  addRun(root, 'a', one(at(1), labelled('1a2b3c')), climb(5000));
  addRun(root, 'b', one(at(2), labelled('4d5e6f')), climb(5100));
  addRun(root, 'failed', one(at(3), { status: 'failed', exitCode: 4 }), climb(9000));
  addRun(root, 'cut', one(at(4), { status: 'interrupted', exitCode: 130 }), climb(9000));
  addRun(root, 'shrinks', one(at(5), { finishedAt: '2026-02-01T05:01:00.000Z' }), climb(-12_000));
  const plan = { legs: [leg({ levels: [500, 1000, 1500] })], launches: 1 };
  addRun(root, 'other-plan', one(at(6), { plan }), climb(9000, { levels: [500, 1000, 1500] }));
  const html = indexPage(readIndex(root), 'test');
  const charts = [...html.matchAll(/<figure .*?<\/figure>/gs)].map(([text]) => text);
  assert.equal(charts.length, 1);
  assert.match(charts[0]!, /<h3>[^<]*, ws, up to 3,000<\/h3>/);
  assert.match(charts[0]!, /2026-02-01 01:00 commit 1a2b3c/);
  assert.ok(!/0[3-6]:00/.test(charts[0]!));
  const row = /<tr data-target="[^"]*" data-protocol="ws" data-ended="inconclusive">.*?<\/tr>/s.exec(html)![0];
  assert.ok(row.includes('inconclusive') && row.includes('<data value="60000">1m00s</data>'), row);
});

test('only the script that the index has may run there', (t) => {
  const root = folderOfRuns(t);
  addRun(root, 'a', one('2026-02-01T01:00:00.000Z'), climb(5000));
  const html = indexPage(readIndex(root), 'test');
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(html) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  assert.ok(html.includes(`script-src &#39;sha256-${hash}&#39;; `));
  assert.equal(html.match(/<script/g)?.length, 1);
});
