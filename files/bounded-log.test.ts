import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import { BoundedLog } from './bounded-log.ts';

const KEPT = 64 * 1024;
const MOST = 4 * KEPT;
const NOTE = /\n\[connrig: (\d+) bytes of output are left out here\]\n/;

function logIn(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'target.log');
  let cuts = 0;
  const log = new BoundedLog(path, { onCut: () => cuts++, keptBytes: KEPT });
  return { log, path, cuts: () => cuts };
}

/** What is there and what is said to be left out are all that was written. */
function assertAddsUp(path: string, writtenBytes: number): { head: string; tail: string } {
  const text = readFileSync(path, 'latin1');
  const [note = '', leftOut] = NOTE.exec(text) ?? [];
  assert.equal(text.length - note.length + Number(leftOut), writtenBytes);
  const [head = '', tail = ''] = text.split(note);
  assert.ok(head.length > KEPT / 2 && tail.length >= KEPT, `${head.length} and ${tail.length}`);
  return { head, tail };
}

test('a log that is not too long is left alone', (t) => {
  const { log, path, cuts } = logIn(t);
  const text = 'a line\n'.repeat(MOST / 7);
  log.append(text);
  log.look();
  assert.deepEqual([readFileSync(path, 'utf8') === text, cuts(), log.printedBytes], [true, 0, text.length]);
});

test('of a long one the first and the last lines are kept whole, the rest is counted, and that is told once', (t) => {
  const { log, path, cuts } = logIn(t);
  const fd = log.openToAppend();
  t.after(() => closeSync(fd));
  let writtenBytes = 0;
  let line = 0;
  for (let round = 0; round < 20; round++) {
    while (writtenBytes < (round + 1) * 1.5 * MOST) writtenBytes += writeSync(fd, `line ${line++}\n`);
    log.look();
  }
  const { head, tail } = assertAddsUp(path, writtenBytes);
  assert.equal(cuts(), 1);
  assert.equal(log.printedBytes, writtenBytes);
  const numbers = (text: string): number[] =>
    text
      .trimEnd()
      .split('\n')
      .map((one) => Number(/^line (\d+)$/.exec(one)![1]));
  assert.deepEqual(
    numbers(head),
    numbers(head).map((_, i) => i),
  );
  const last = numbers(tail);
  assert.deepEqual(
    last,
    last.map((_, i) => line - last.length + i),
  );
});

test('what has no lines, or is no text, is cut all the same', (t) => {
  const { log, path } = logIn(t);
  const fd = log.openToAppend();
  t.after(() => closeSync(fd));
  const bytes = Buffer.alloc(2 * MOST, 0xe9);
  writeSync(fd, bytes);
  log.look();
  writeSync(fd, bytes);
  log.look();
  assertAddsUp(path, 2 * bytes.length);
  writeSync(fd, 'the end\u001b[31m!\u0007');
  assert.equal(log.last(0).slice(-10), '\ufffdthe end!\ufffd');
});

test('the last words are those since somebody began, before a cut and after', (t) => {
  const { log } = logIn(t);
  log.append('of an earlier one\n');
  const before = log.printedBytes;
  assert.equal(log.last(before), '');
  log.append('mine\n');
  assert.equal(log.last(before), 'mine\n');
  log.append('x'.repeat(2 * MOST));
  log.append('\nlast words\n');
  assert.ok(log.last(before).endsWith('xxx\nlast words\n'));
  const then = log.printedBytes;
  log.append('next\n');
  assert.equal(log.last(then), 'next\n');
});

test('somebody who prints without a pause is neither stopped nor slowed until full, and loses no last word', async (t) => {
  const { log, path, cuts } = logIn(t);
  const fd = log.openToAppend();
  const stop = log.watch();
  t.after(stop);
  const script =
    'i=0; while [ ! -e "$0" ]; do i=$((i+1)); echo "line $i of a server that talks a lot"; done; echo "good bye $i"';
  const child = spawn('/bin/sh', ['-c', script, `${path}.enough`], { stdio: ['ignore', fd, fd] });
  t.after(() => child.kill('SIGKILL'));
  closeSync(fd);
  await eventually(() => cuts() > 0 && log.printedBytes > 3 * MOST, 'it prints a lot');
  writeFileSync(`${path}.enough`, '');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  stop();
  const [, last] = /good bye (\d+)\n$/.exec(log.last(0)) ?? [];
  assert.ok(Number(last) > 0);
  const text = readFileSync(path, 'latin1');
  assert.match(text, NOTE);
  assert.ok(text.startsWith('line 1 of') && statSync(path).size <= MOST);
});

test('a link in its place is not written through', (t) => {
  const { log, path } = logIn(t);
  symlinkSync(`${path}.outside`, path);
  assert.throws(() => log.openToAppend(), { code: 'ELOOP' });
  assert.equal(existsSync(`${path}.outside`), false);
});
