/** Records with something missing, cut off or newer: what can be read is shown, and what can't be is told. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runConnrig } from '../../cli/connrig.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { unpackGolden } from '../../scripts/golden/golden-runs.ts';
import { type TestDeps, testDeps } from '../support/cli-deps.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-damaged-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;

function unpacked(name: string, folder = join(base, String(made++))): string {
  unpackGolden(name, folder);
  return folder;
}
function cutOff(folder: string): string {
  const path = join(folder, 'samples.jsonl');
  truncateSync(path, readFileSync(path).length - 1000);
  return folder;
}
function newer(folder: string): string {
  const path = join(folder, 'run.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"schema":\s*1/, '"schema": 2'));
  return folder;
}
async function said(...words: string[]): Promise<TestDeps> {
  const deps = testDeps();
  await runConnrig(words, deps);
  return deps;
}

const CUT_OFF = 'the last line of samples.jsonl is cut off and left out';
const NEWER = 'the run was recorded by a newer connrig (schema 2; this one reads 1)';

test('what is left of a damaged record is shown, with what is wrong above it', () => {
  const folder = cutOff(unpacked('two-legs'));
  appendFileSync(join(folder, 'events.jsonl'), 'no JSON\n');
  const { legs } = writeReport(folder);
  assert.ok(legs[1]!.levels.length >= 7);
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  const at = (text: string): number => html.indexOf(text);
  assert.ok(at(CUT_OFF) > 0);
  assert.match(html, /1 of \d+ lines of events\.jsonl could not be read/);
  assert.ok(at('Before you believe it') < at('What one more connection costs'));
  assert.match(html, /<p class="verdict">One more TCP connection costs/);
});

test('a record without samples, or without events, is shown as far as it goes', () => {
  for (const missing of ['samples.jsonl', 'events.jsonl']) {
    const folder = unpacked('knee');
    rmSync(join(folder, missing));
    writeReport(folder);
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    assert.ok(html.includes(`${missing} is missing (ENOENT)`));
    assert.match(html, missing === 'events.jsonl' ? /One more|one more TCP/ : /No leg began, so nothing was measured/);
    assert.ok(html.includes('Linux 6.18'));
  }
});

test('runs are compared as far as they can be read; one that can not be is left out, and all of that is told', async () => {
  const [empty, out] = [join(base, 'empty'), join(base, 'compared')];
  mkdirSync(empty);
  const folders = [unpacked('two-legs'), cutOff(unpacked('two-legs')), empty, newer(unpacked('cycles'))];
  const deps = await said('compare', ...folders, '--out', out);
  assert.equal(deps.exitCode(), undefined, deps.err());
  const { runs, warnings, protocols } = JSON.parse(readFileSync(join(out, 'compare.json'), 'utf8')) as {
    runs: Array<{ letter: string; name: string }>;
    warnings: string[];
    protocols: Array<{ protocol: string; parts: Array<{ values: unknown[] }> }>;
  };
  assert.deepEqual(
    runs.map(({ letter, name }) => [letter, name]),
    [
      ['A', 'two-legs'],
      ['B', 'two-legs'],
      ['C', 'cycles'],
    ],
  );
  assert.ok(protocols.find(({ protocol }) => protocol === 'ws')!.parts[0]!.values.every((value) => value !== null));
  const wanted = [`left out: ${empty} is not a run folder: it has no run.json`, `B: ${CUT_OFF}`, `C: ${NEWER}`];
  for (const [i, text] of wanted.entries()) {
    assert.ok(warnings[i === 0 ? 0 : warnings.findIndex((one) => one.startsWith(text))]?.startsWith(text), text);
    assert.ok(deps.out().includes(`warning: ${text}`), text);
  }
  const html = readFileSync(join(out, 'compare.html'), 'utf8');
  assert.ok(html.includes(wanted[1]!) && html.includes(wanted[2]!) && html.includes('it has no run.json'));
});

test('nothing is compared with a first run that can not be read, nor with nothing', async () => {
  const [good, nowhere] = [unpacked('cycles'), join(base, 'nowhere')];
  for (const folders of [
    [nowhere, good, good],
    [good, nowhere],
  ]) {
    const deps = await said('compare', ...folders);
    assert.equal(deps.exitCode(), 2);
    assert.match(deps.err(), /^ERUNFOLDER: .*nowhere is not a run folder/m);
    assert.equal(deps.out(), '');
  }
});

test('an index has the runs that can be read, whole or in part, and tells of the others', async () => {
  const top = join(base, 'runs');
  writeReport(unpacked('two-legs', join(top, 'whole')));
  cutOff(unpacked('two-legs', join(top, 'cut')));
  newer(unpacked('cycles', join(top, 'newer')));
  rmSync(join(unpacked('knee', join(top, 'lost')), 'samples.jsonl'));
  writeFileSync(join(unpacked('knee', join(top, 'garbage')), 'run.json'), '{"sch');
  const deps = await said('report', top);
  assert.equal(deps.exitCode(), undefined, deps.err());
  // A line for each leg of each run, the latest first, and one for a run that has none.
  assert.deepEqual(
    deps
      .out()
      .trimEnd()
      .split('\n')
      .map((line) => line.split('  ')[0]),
    ['run', 'whole', 'whole', 'cut', 'cut', 'lost', 'newer'],
  );
  const html = readFileSync(join(top, 'index.html'), 'utf8');
  for (const text of [
    `${join(top, 'cut')}: ${CUT_OFF}`,
    `${join(top, 'garbage')} has a run.json that cannot be read`,
    `${join(top, 'lost')}: samples.jsonl is missing (ENOENT)`,
    `${join(top, 'newer')}: ${NEWER}`,
  ]) {
    assert.ok(deps.err().includes(`warning: ${text}`), deps.err());
    assert.ok(html.includes(text), text);
  }
  assert.ok(html.includes('<p><data value="4">4</data> runs, the latest first.</p>'));
  // As many cells as heads in every row, also where nothing was measured.
  const cells = [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) => row!.match(/<t[hd][ >]/g)!.length);
  assert.deepEqual(cells, Array(7).fill(13));
});
