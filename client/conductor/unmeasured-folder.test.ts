import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { RUN_OUTPUTS } from '../../report/outputs/run-outputs.ts';
import { connrigHere, newFolder } from '../../test/support/connrig.ts';
import { climb, runFile, writeRun } from '../../test/support/synthetic-run.ts';
import { clearUnmeasured } from './unmeasured-folder.ts';

/** A folder of a run that ended as given, with every file that a report has. */
function folderOf(
  folder: string,
  run: Partial<ReturnType<typeof runFile>>,
  samples: ReturnType<typeof climb> = [],
): string {
  writeRun(folder, { run: { ...runFile(), status: 'failed', exitCode: 4, ...run }, samples });
  mkdirSync(join(folder, 'charts'), { recursive: true });
  for (const { file } of RUN_OUTPUTS) writeFileSync(join(folder, file.replace('*', 'memory-tcp')), '');
  for (const log of ['target.log', 'build.log']) writeFileSync(join(folder, log), 'it said');
  return folder;
}

test('a folder of a run that failed and measured nothing is emptied, whatever its report has', (t) => {
  for (const status of ['failed', 'interrupted'] as const) {
    const folder = folderOf(newFolder(t), { status });
    assert.equal(clearUnmeasured(folder), true);
    assert.deepEqual(readdirSync(folder), []);
  }
});

const [memory] = climb(1e6, { protocol: 'tcp' });
const KEPT: ReadonlyArray<[what: string, make: (folder: string) => void]> = [
  ['a reading of memory', (folder) => folderOf(folder, {}, [memory!])],
  ['a run that passed', (folder) => folderOf(folder, { status: 'passed', exitCode: 0 })],
  ['a run that may go on', (folder) => folderOf(folder, { status: 'running', exitCode: null, finishedAt: null })],
  ['a file of somebody else', (folder) => writeFileSync(join(folderOf(folder, {}), 'notes.txt'), 'mine')],
  ['a chart of somebody else', (folder) => writeFileSync(join(folderOf(folder, {}), 'charts', 'notes.txt'), 'mine')],
  ['a sample that nobody can read', (folder) => writeFileSync(join(folderOf(folder, {}), 'samples.jsonl'), 'x\n')],
  ['no run file', (folder) => writeFileSync(join(folderOf(folder, {}), 'run.json'), '{}')],
];
for (const [what, make] of KEPT) {
  test(`${what} is kept, and all that lies beside it`, (t) => {
    const folder = newFolder(t);
    make(folder);
    const before = readdirSync(folder);
    assert.equal(clearUnmeasured(folder), false);
    assert.deepEqual(readdirSync(folder), before);
  });
}

test('a link in place of the charts leads to no removal elsewhere', (t) => {
  const folder = newFolder(t);
  writeRun(folder, { run: { ...runFile(), status: 'failed', exitCode: 4 }, samples: [] });
  const elsewhere = join(dirname(folder), 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'memory.svg'), 'mine');
  symlinkSync(elsewhere, join(folder, 'charts'));
  assert.equal(clearUnmeasured(folder), false);
  assert.equal(readFileSync(join(elsewhere, 'memory.svg'), 'utf8'), 'mine');
});

test('the corrected command takes the folder of the one that failed', async (t) => {
  const folder = newFolder(t);
  const run = (...more: string[]) =>
    connrigHere(['run', 'tcp://127.0.0.1:1', '--connections', '5', '--levels', '1', '--out', folder, ...more]);
  for (const name of ['first', 'second']) {
    const ended = await run('--name', name);
    assert.equal(ended.code, 4, ended.stderr);
    assert.equal(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).name, name);
  }
});
