import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { find } from './find.ts';
import { install } from './install.ts';
import { namedIn } from './named.ts';
import { withoutStarting } from './no-services.ts';
import { installLine, NEEDS, type NeedName, packagesOf } from './packages.ts';

const onUnix = { skip: process.platform === 'win32' };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-needs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a test file names what it needs, each once, in the order of the table', (t) => {
  const folder = folderOf(t);
  const [one, two] = [join(folder, 'one.js'), join(folder, 'two.js')];
  // In pieces: this file is looked through as well.
  const call = 'needs';
  writeFileSync(one, `it('x', { skip: ${call}('mosquitto', 'nginx') }); it('y', { skip: ${call}('nginx') });`);
  writeFileSync(two, `not${call}('gcc'); // nothing: 'python3'`);
  assert.deepEqual(namedIn([one, two]), ['nginx', 'mosquitto']);
  assert.deepEqual(namedIn([]), []);
});

test('packages are named once, in a line that can be pasted', () => {
  assert.deepEqual(packagesOf(['promtool', 'prometheus', 'gcc']), ['prometheus', 'gcc', 'libc6-dev']);
  assert.equal(installLine(['nginx']), 'sudo apt-get install -y --no-install-recommends nginx');
});

test('what is there is found, and not installed again', onUnix, async () => {
  const there = (Object.keys(NEEDS) as NeedName[]).filter((name) => find(name) !== undefined);
  const said: string[] = [];
  assert.equal(await install(there, (sentence) => said.push(sentence)), undefined);
  assert.deepEqual(said, []);
});

test('what only root may install is told, in a line that can be pasted', onUnix, (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to give it up');
  const module = JSON.stringify(new URL('./install.js', import.meta.url).href);
  const script = `const { install } = await import(${module});
    process.env.PATH = '/nowhere'; process.setuid(65534);
    console.log(await install(['tsung', 'chromium'], console.log));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const wanted = existsSync('/usr/bin/apt-get')
    ? /not installed, which takes root — sudo apt-get/
    : /here is no apt-get/;
  assert.match(stdout, wanted, stderr);
});

const ask = (policy: string): number | null => spawnSync(policy, ['nginx', 'start']).status;

test('while something is installed no service may start; afterwards all is as it was', onUnix, async (t) => {
  const policy = join(folderOf(t), 'policy-rc.d');
  assert.equal(await withoutStarting(async () => ask(policy), policy), 101);
  assert.equal(existsSync(policy), false);
  await assert.rejects(
    withoutStarting(() => Promise.reject(new Error('no network')), policy),
    /no network/,
  );
  assert.equal(existsSync(policy), false);
});

test("somebody else's answer stays as it is", onUnix, async (t) => {
  const policy = join(folderOf(t), 'policy-rc.d');
  writeFileSync(policy, '#!/bin/sh\nexit 104\n', { mode: 0o755 });
  assert.equal(await withoutStarting(async () => ask(policy), policy), 104);
  assert.equal(readFileSync(policy, 'utf8'), '#!/bin/sh\nexit 104\n');
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`an installation ended by ${signal} forbids nothing afterwards`, onUnix, async (t) => {
    const policy = join(folderOf(t), 'policy-rc.d');
    const module = JSON.stringify(new URL('./no-services.js', import.meta.url).href);
    const script = `import { withoutStarting } from ${module};
      await withoutStarting(async () => {
        console.log('begun');
        await new Promise((resolve) => setTimeout(resolve, 1000));
        console.log('done');
      }, ${JSON.stringify(policy)});
      console.log('went on');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(child.stdout, 'data');
    assert.equal(ask(policy), 101);
    child.kill(signal);
    const [, endedBy] = await once(child, 'close');
    assert.equal(endedBy, signal);
    if (signal === 'SIGTERM') {
      // It waits for what is under way, and then ends as it was told to.
      assert.equal(said, 'begun\ndone\n');
      assert.equal(existsSync(policy), false);
    } else {
      assert.equal(ask(policy), 0, 'it answers for nobody any more');
      assert.equal(await withoutStarting(async () => ask(policy), policy), 101);
      assert.equal(existsSync(policy), false, 'and the next one clears it away');
    }
  });
}

test('in CI a test whose need is missing fails, elsewhere it is skipped with the words', onUnix, () => {
  const missing = (Object.keys(NEEDS) as NeedName[]).find((name) => find(name) === undefined);
  const name = missing ?? 'gcc';
  const helper = JSON.stringify(new URL('../../test/support/needs.js', import.meta.url).href);
  const script = `const { needs } = await import(${helper}); console.log(needs('${name}'));`;
  const said = (ci: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, CI: ci },
      encoding: 'utf8',
    });
  const sentence = missing ? `needs ${missing}: ${installLine([missing])}` : 'false';
  assert.equal(said('').stdout.trim(), sentence);
  if (missing) assert.match(said('true').stderr, new RegExp(`needs ${missing}: sudo apt-get`));
  assert.equal(said('true').status, missing ? 1 : 0);
});
