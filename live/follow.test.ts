import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunFile } from '../core/schemas/record.ts';
import { RigError } from '../core/values/errors.ts';
import { readRun } from '../report/fold/read-run.ts';
import { summarize } from '../report/fold/summarize.ts';
import { climb, runFile, writeRun } from '../test/support/synthetic-run.ts';
import { eventually } from '../test/support/wait.ts';
import { followRun } from './follow.ts';
import { RunFeed } from './run-feed.ts';

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-follow-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const running = runFile({ status: 'running', exitCode: null, finishedAt: null });

function writeRunFile(folder: string, file: RunFile): void {
  writeFileSync(join(folder, 'run.json.part'), JSON.stringify(file));
  renameSync(join(folder, 'run.json.part'), join(folder, 'run.json'));
}

test('a finished run is there at once, with what its summary says', (t) => {
  const folder = writeRun(emptyFolder(t), { samples: climb(5000) });
  const feed = new RunFeed();
  t.after(followRun(folder, feed));
  const { standing, verdict, head, time, legs } = feed.view();
  assert.equal(standing, 'ended');
  assert.deepEqual(verdict?.summary, summarize(readRun(folder)));
  assert.deepEqual([head?.name, time.length, legs.length], ['synthetic', 6, 1]);
});

test('a run that goes on is followed, line by line, up to its end', async (t) => {
  const folder = writeRun(emptyFolder(t), { run: running, samples: [] });
  const feed = new RunFeed();
  t.after(followRun(folder, feed, { lookEveryMs: 10, silentAfterMs: 60_000 }));
  assert.deepEqual([feed.view().standing, feed.view().verdict], ['running', null]);

  const text = climb(5000)
    .map((sample) => `${JSON.stringify(sample)}\n`)
    .join('');
  const half = text.length / 2;
  appendFileSync(join(folder, 'samples.jsonl'), text.slice(0, half));
  const levels = (): number => feed.view().verdict?.summary.legs[0]?.levels.length ?? 0;
  await eventually(() => levels() > 0, 'the first levels');
  assert.ok(levels() < 6);
  appendFileSync(join(folder, 'samples.jsonl'), text.slice(half));
  appendFileSync(join(folder, 'events.jsonl'), 'no JSON\n{"type":"warning","elapsedMs":1,"text":"Grüße"}\n');
  await eventually(() => levels() === 6, 'all levels');
  assert.deepEqual(feed.view().notices.warnings, ['Grüße']);

  writeRunFile(folder, runFile());
  await eventually(() => feed.view().standing === 'ended', 'the end');
  assert.deepEqual(feed.view().verdict?.summary, summarize(readRun(folder)));
});

test('a run that stands still is silent; when it goes on it runs', async (t) => {
  const folder = writeRun(emptyFolder(t), { run: running, samples: climb(5000).slice(0, 4) });
  const feed = new RunFeed();
  t.after(followRun(folder, feed, { lookEveryMs: 10, silentAfterMs: 100 }));
  await eventually(() => feed.view().standing === 'silent', 'silence');
  const more = setInterval(
    () => appendFileSync(join(folder, 'samples.jsonl'), `${JSON.stringify(climb(5000)[1])}\n`),
    10,
  );
  t.after(() => clearInterval(more));
  await eventually(() => feed.view().standing === 'running', 'it goes on');
});

test('a letter whose bytes come apart is one letter', async (t) => {
  const folder = writeRun(emptyFolder(t), { run: running, samples: [] });
  const feed = new RunFeed();
  t.after(followRun(folder, feed, { lookEveryMs: 10, silentAfterMs: 60_000 }));
  const bytes = Buffer.from('{"type":"warning","elapsedMs":1,"text":"☃"}\n');
  const within = bytes.indexOf(0xe2) + 1;
  appendFileSync(join(folder, 'events.jsonl'), bytes.subarray(0, within));
  await new Promise((resolve) => setTimeout(resolve, 50));
  appendFileSync(join(folder, 'events.jsonl'), bytes.subarray(within));
  await eventually(() => feed.view().notices.warnings.length > 0, 'the warning');
  assert.deepEqual(feed.view().notices.warnings, ['☃']);
});

test('what is no run folder is refused', (t) => {
  assert.throws(
    () => followRun(emptyFolder(t), new RunFeed()),
    (error) => error instanceof RigError && error.code === 'ERUNFOLDER',
  );
});
