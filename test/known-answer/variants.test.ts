/** Variants of a target that takes exactly so much more once a connection has said something, and nothing else. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { VariantsResult } from '../../core/schemas/variants.ts';
import { compiled } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, connrig, HASTY, newFolder, startConnrig } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const MORE = 4096;

const resultIn = (folder: string): VariantsResult =>
  VariantsResult.parse(JSON.parse(readFileSync(join(folder, 'variants.json'), 'utf8')));

it(
  'the interval holds what a variant takes more, part by part, and 0 for one that changes nothing',
  OPTIONS,
  async (t) => {
    const program = compiled(t, 'known-answer/answered');
    const port = await unusedPort();
    const folder = newFolder(t);
    const file = `${folder}.yaml`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'variants: { twin: { window: 256 } }\n');
    const ended = await connrig(t, [
      ...['variants', `tcp://127.0.0.1:${port}`, '--command', `exec ${program} ${port} 1024 ${MORE}`, '--config', file],
      ...[
        '--vary',
        'after:64B,twin',
        '--levels',
        '500,1k,1500',
        '--rate',
        '20k/s',
        '--close',
        'reset',
        '--out',
        folder,
      ],
    ]);
    assertWentThrough(ended);
    const { variants, runs, isWhole } = resultIn(folder);
    assert.ok(isWhole);
    assert.deepEqual(
      variants.map(({ name, measured, planned, state }) => [name, measured, planned, state]),
      [
        ['idle', 3, 3, 'measured'],
        ['after:64B', 2, 2, 'measured'],
        ['twin', 2, 2, 'measured'],
      ],
    );
    assert.equal(runs.length, 7);
    const differenceOf = (name: string, part: string) =>
      variants.find((one) => one.name === name)!.parts.find((one) => one.part === part)!.difference!;
    for (const part of ['total', 'user', 'userOther']) {
      const { bytes, low, high, word } = differenceOf('after:64B', part);
      assert.equal(word, 'dearer');
      assert.ok(low <= MORE && MORE <= high, `${part}: ${low} to ${high}`);
      assert.ok(Math.abs(bytes - MORE) <= 0.02 * MORE, `${part}: ${bytes}`);
    }
    for (const part of ['total', 'user', 'kernel']) {
      const { low, high, word } = differenceOf('twin', part);
      assert.equal(word, 'no difference shown');
      assert.ok(low <= 0 && 0 <= high && high - low < MORE, `${part}: ${low} to ${high}`);
    }
    assert.match(ended.stdout, /^after:64B: one more connection costs \+4\.[01] KiB \[.*against idle\.$/m);
    assert.match(ended.stdout, /^after:64B +other user memory +\+4\.[01] KiB/m);
    const page = readFileSync(join(folder, 'variants.html'), 'utf8');
    assert.match(page, /one more connection: differences from idle/);
    assert.ok(existsSync(join(folder, 'charts', 'parts.svg')) && existsSync(join(folder, 'variants.md')));
  },
);

it('one that fails is a row with its error, and what was interrupted is gone on with', OPTIONS, async (t) => {
  const program = compiled(t, 'known-answer/answered');
  const port = await unusedPort();
  const folder = newFolder(t);
  const file = `${folder}.yaml`;
  mkdirSync(dirname(file), { recursive: true });
  const broken = '{ send-on-open: hello, expect: nothing-of-the-kind, open-timeout: 500ms }';
  writeFileSync(file, `variants: { broken: ${broken} }\n`);
  const words = [
    ...['variants', `tcp://127.0.0.1:${port}`, '--command', `exec ${program} ${port} 1024 ${MORE}`, '--config', file],
    ...['--vary', 'broken', '--repeats', '1', '--levels', '20,40,60', '--engine', 'node', ...HASTY, '--out', folder],
  ];
  const first = startConnrig(t, words);
  // The run that goes on has its signal from the same terminal; here it ends by itself.
  await eventually(() => /^1\/2 .*connrig run/m.test(first.stderr()), 'a run begins');
  process.kill(first.pid, 'SIGINT');
  const interrupted = await first.ended;
  assert.equal(interrupted.code, 130, interrupted.stderr);
  const before = resultIn(folder);
  assert.equal(before.isWhole, false);

  const again = await connrig(t, words);
  assert.equal(again.code, 4, again.stderr);
  const isKept = before.runs.some(({ state }) => state === 'measured');
  assert.equal(/idle-1: there already$/m.test(again.stderr), isKept, again.stderr);
  const { variants, runs, isWhole, seed } = resultIn(folder);
  assert.ok(isWhole);
  assert.equal(seed, before.seed);
  assert.equal(runs.length, 2);
  const [idle, failed] = variants;
  assert.deepEqual([idle!.state, idle!.measured], ['measured', 1]);
  assert.deepEqual([failed!.state, failed!.exitCode, failed!.measured], ['failed', 4, 0]);
  assert.match(failed!.said, /EOPENING|ETIMEDOUT/);
  assert.match(
    readFileSync(join(folder, 'variants.md'), 'utf8'),
    /broken: not held against idle, since its runs failed/,
  );

  const measuredAt = statSync(join(folder, 'idle-1', 'run.json')).mtimeMs;
  const json = await connrig(t, [...words, '--json']);
  assert.ok(VariantsResult.parse(JSON.parse(json.stdout)).isWhole);
  assert.equal(statSync(join(folder, 'idle-1', 'run.json')).mtimeMs, measuredAt);

  const other = words.map((word) => (word === '20,40,60' ? '20,40,80' : word));
  assertFailed(await connrig(t, other), 2, 'EUSAGE', /holds other variants: idle was asked for otherwise there/);
});
