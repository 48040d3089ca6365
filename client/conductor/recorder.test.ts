import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EXIT, RigError } from '../../core/values/errors.ts';
import { progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { defaultFolder, openRecorder } from './recorder.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-recorder-'));
after(() => rmSync(base, { recursive: true }));
const linesOf = (folder: string, name: string): unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('the folder is made with its parents, and every line is on disk as soon as it is recorded', () => {
  const folder = join(base, 'a', 'b', 'run');
  const recorder = openRecorder(folder);
  assert.equal(recorder.folder, folder);
  assert.deepEqual(readdirSync(folder).toSorted(), ['events.jsonl', 'samples.jsonl']);
  const samples = [1, 2, 3].map((open) => tick(3, progressOf(open).counts));
  for (const [i, sample] of samples.entries()) {
    recorder.sample(sample);
    assert.deepEqual(linesOf(folder, 'samples.jsonl'), samples.slice(0, i + 1));
  }
  const event = { type: 'warning', elapsedMs: 1, text: 'line 1\nline 2' } as const;
  recorder.event(event);
  assert.deepEqual(linesOf(folder, 'events.jsonl'), [event]);
  recorder.runFile(runFile({ status: 'running' }));
  recorder.runFile(runFile());
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')), runFile());
  assert.deepEqual(readdirSync(folder).toSorted(), ['events.jsonl', 'run.json', 'samples.jsonl']);
  recorder.close();
});

test('closing gives the descriptors back, and closing again is harmless', () => {
  const before = openFiles();
  const recorder = openRecorder(join(base, 'closed'));
  assert.equal(openFiles(), before + 2);
  recorder.close();
  recorder.close();
  assert.equal(openFiles(), before);
});

test('an empty folder may be there already', () => {
  mkdirSync(join(base, 'empty'));
  openRecorder(join(base, 'empty')).close();
});

const file = join(base, 'file');
writeFileSync(file, 'x');
mkdirSync(join(base, 'used'));
writeFileSync(join(base, 'used', 'notes.txt'), 'mine');
const REFUSED: ReadonlyArray<[string, string, RegExp]> = [
  ['a folder that holds something', join(base, 'used'), /is not empty$/],
  ['a file', file, /can't be written \(ENOTDIR\)$/],
  ['a folder below a file', join(file, 'run'), /can't be written \(ENOTDIR\)$/],
  // Not even root may make folders there.
  ['a place that takes no folders', '/proc/connrig/run', /can't be written \(E[A-Z]+\)$/],
];
for (const [name, folder, wanted] of REFUSED) {
  test(`${name} is refused, and left as it is`, () => {
    const before = openFiles();
    assert.throws(
      () => openRecorder(folder),
      (error) =>
        error instanceof RigError &&
        error.code === 'EOUT' &&
        error.exitCode === EXIT.usage &&
        wanted.test(error.message) &&
        error.message.includes(folder) &&
        error.hint.startsWith('--out'),
    );
    assert.equal(openFiles(), before);
    assert.deepEqual(readdirSync(join(base, 'used')), ['notes.txt']);
  });
}

test('default folders sort by time and bear the name', () => {
  const at = (iso: string): string => defaultFolder(new Date(iso), 'ws');
  assert.equal(at('2026-11-23T14:01:02.003Z'), join('runs', '20261123T140102003Z-ws'));
  const times = ['2026-11-23T14:01:02.003Z', '2026-11-23T14:01:02.004Z', '2026-12-01T00:00:00.000Z'];
  assert.deepEqual(times.map(at).toSorted(), times.map(at));
});
