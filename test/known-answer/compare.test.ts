/** Runs compared: a target that costs more is told from its twin, and twins are not told apart. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { compiled } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, connrig, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { carriedOut } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };

interface Compared {
  readonly protocols: ReadonlyArray<{
    readonly parts: ReadonlyArray<{
      readonly part: string;
      readonly values: ReadonlyArray<{ readonly difference: { readonly bytes: number; readonly word: string } | null }>;
    }>;
  }>;
}

it('a target that holds 512 bytes more is dearer, its twin is not', TIMEOUT, async (t: TestContext) => {
  const folders: string[] = [];
  const program = compiled(t, 'known-answer/held');
  for (const bytes of [4096, 4096 + 512, 4096]) {
    const plan = ['--levels', '500,1k,1500', '--launches', '2'];
    const { ended, folder } = await carriedOut(t, '--command', (port) => `exec ${program} ${port} ${bytes}`, plan);
    assertWentThrough(ended);
    folders.push(folder);
  }
  const out = newFolder(t);
  const ended = await connrig(t, ['compare', ...folders, '--json', '--out', out]);
  assert.equal(ended.code, 0, ended.stderr);
  const { protocols } = JSON.parse(ended.stdout) as Compared;
  const values = protocols[0]!.parts.find(({ part }) => part === 'user')!.values;
  const [, dearer, twin] = values.map((value) => value.difference);
  assert.equal(dearer!.word, 'dearer');
  assert.ok(Math.abs(dearer!.bytes - 512) <= 32, `${dearer!.bytes} instead of 512`);
  assert.equal(twin!.word, 'no difference shown', JSON.stringify(twin));
  for (const name of ['compare.html', 'compare.md', 'compare.json']) assert.ok(existsSync(join(out, name)), name);

  assertFailed(await connrig(t, ['compare', folders[0]!]), 2, 'EUSAGE', /one run alone/);
  assertFailed(await connrig(t, ['compare', folders[0]!, out]), 2, 'ERUNFOLDER', /is not a run folder/);
});
