import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTool } from '../test/support/tools.ts';
import { eventually } from '../test/support/wait.ts';
import { type MadeTarget, makeTarget } from '../test/targets/made.ts';
import { type BuildDeps, type BuiltTarget, buildTarget } from './build.ts';
import { findTarget } from './catalogue.ts';
import { shellCommand } from './command.ts';

function build({ folder, cache }: MadeTarget, deps: Partial<BuildDeps> = {}): Promise<BuiltTarget> {
  const source = findTarget(folder);
  if (typeof source === 'string') throw new Error(source);
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  return buildTarget(source, { env, signal: new AbortController().signal, onOutput: () => {}, ...deps });
}

const cached = ({ cache }: MadeTarget): string[] => readdirSync(join(cache, 'connrig', 'targets'));

test('several builds at once come to one folder, which is whole', async (t) => {
  const made = makeTarget(t, {
    build: ['sleep 0.2', 'echo $$ > one', 'sleep 0.2; echo $$ > other'],
    deployed: ['one'],
  });
  const builds = await Promise.all([build(made), build(made), build(made)]);
  const [first] = builds;
  assert.deepEqual(new Set(builds.map(({ folder }) => folder)).size, 1);
  assert.equal(cached(made).length, 1);
  assert.deepEqual(readdirSync(first!.folder).sort(), ['one', 'other', 'target.yaml']);
  assert.equal((await build(made)).wasCached, true);
});

test('another source, or another tool, is another build', async (t) => {
  const made = makeTarget(t, { build: ['cp source built'], deployed: ['built'] }, { source: 'one' });
  const first = await build(made);
  writeFileSync(join(made.folder, 'source'), 'two!');
  const second = await build(made);
  assert.deepEqual(
    [first.deployed, second.deployed],
    [
      { bytes: 3, files: 1 },
      { bytes: 4, files: 1 },
    ],
  );
  assert.equal(readFileSync(join(first.folder, 'built'), 'utf8'), 'one', 'who runs the old one goes on');
  const newer = makeTool(t, 'node', 'v999.0.0');
  const third = await build(made, { env: { PATH: `${newer}:${process.env['PATH']}`, XDG_CACHE_HOME: made.cache } });
  assert.deepEqual([third.tools[0]!.version, third.wasCached], ['999.0.0', false]);
  assert.equal(cached(made).length, 3);
});

test('an interruption ends the build and all that it started', async (t) => {
  const made = makeTarget(t, { build: ['sleep 61.5 & wait'] });
  const stopping = new AbortController();
  const ended = build(made, { signal: stopping.signal });
  await eventually(() => sleepers().length > 0, 'the build is under way');
  stopping.abort();
  await assert.rejects(ended, { code: 'EINTERRUPTED' });
  await eventually(() => sleepers().length === 0, 'nothing of it is left');
  assert.deepEqual(cached(made), []);
});

const sleepers = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') === 'sleep\x0061.5\0';
    } catch {
      return false;
    }
  });

test('what a killed build left behind goes a day later', async (t) => {
  const made = makeTarget(t, { build: ['true'] });
  await build(made);
  const left = join(made.cache, 'connrig', 'targets', '.building-made-abc');
  const fresh = join(made.cache, 'connrig', 'targets', '.building-made-def');
  for (const path of [left, fresh]) writeFileSync(path, '');
  utimesSync(left, new Date(0), new Date(0));
  writeFileSync(join(made.folder, 'more'), '');
  await build(made);
  assert.deepEqual(
    cached(made).filter((name) => name.startsWith('.')),
    ['.building-made-def'],
  );
});

test('the cache is made for its owner alone', async (t) => {
  const made = makeTarget(t, { build: ['true'] });
  const { folder } = await build(made);
  for (const path of [made.cache, join(made.cache, 'connrig'), join(made.cache, 'connrig', 'targets'), folder]) {
    assert.equal(statSync(path).mode & 0o777, 0o700, path);
  }
});

const NOBODY = 65_534;
const FOREIGN: ReadonlyArray<[string, boolean, (path: string) => void, RegExp]> = [
  ['belongs to somebody else', true, (path) => chownSync(path, NOBODY, NOBODY), /belongs to another user \(65534\)$/],
  ['others may write to', false, (path) => chmodSync(path, 0o777), /may be written by other users$/],
  ['its group may write to', false, (path) => chmodSync(path, 0o770), /may be written by other users$/],
];
for (const [name, isForRoot, spoil, wanted] of FOREIGN) {
  const skip = isForRoot && process.getuid?.() !== 0 ? 'only root gives folders away' : false;
  test(`what was built is not run from a folder that ${name}, at whatever depth`, { skip }, async (t) => {
    for (const depth of [0, 1, 2, 3]) {
      const made = makeTarget(t, { build: ['echo built >> ../../../../builds'] });
      const { folder } = await build(made);
      const path = [made.cache, join(made.cache, 'connrig'), join(made.cache, 'connrig', 'targets'), folder][depth]!;
      spoil(path);
      await assert.rejects(build(made), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ETARGETBUILD');
        assert.ok(error.message.startsWith(`made is not run from the cache: ${path} `), error.message);
        assert.match(error.message, wanted);
        return true;
      });
      assert.equal(
        readFileSync(join(made.cache, '..', 'builds'), 'utf8'),
        'built\n',
        'nothing was built there, either',
      );
    }
  });
}

test('a link in the cache is not followed; one to the cache is', async (t) => {
  const made = makeTarget(t, { build: ['true'] });
  const { folder } = await build(made);
  renameSync(folder, `${folder}.moved`);
  symlinkSync(`${folder}.moved`, folder);
  await assert.rejects(build(made), { code: 'ETARGETBUILD', message: /is no folder$/ });
  const elsewhere = join(made.folder, '..', 'elsewhere');
  mkdirSync(elsewhere);
  const linked = `${elsewhere}.link`;
  symlinkSync(elsewhere, linked);
  const { folder: there } = await build({ ...made, cache: linked });
  assert.ok(existsSync(there));
});

test('a cache that cannot be written is told', async (t) => {
  const made = makeTarget(t, { build: ['true'] });
  const XDG_CACHE_HOME = join(made.folder, 'target.yaml');
  await assert.rejects(build(made, { env: { ...process.env, XDG_CACHE_HOME } }), {
    code: 'ETARGETBUILD',
    message: /^made can't be built in .*target\.yaml\/connrig\/targets \(ENOTDIR\)$/,
  });
});

test('the command of one process gives way to it; that of several names who ends', async (t) => {
  const made = makeTarget(t, { run: 'server --at {port}' });
  const built = { ...(await build(made)), folder: "/it's here" };
  assert.equal(shellCommand(built, [9001]), "cd '/it'\\''s here' && exec server --at 9001");
  const elsewhere = { ...built.tools[0]!, outsideFolder: '/opt/new/bin' };
  const two = shellCommand({ ...built, tools: [elsewhere] }, [9001, 9002]);
  assert.match(two, /^cd .* \|\| exit\nexport PATH='\/opt\/new\/bin':"\$PATH" \|\| exit\n\(server --at 9001; /);
  assert.match(two, /\n\(server --at 9002; .*\nwait$/);
});
