/** What goes wrong with a target is told in its own words, ends in a code that says so, and keeps nothing else. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  type Ended,
  HASTY,
  newFolder,
  readEvents,
  readRunJson,
  readSamples,
} from '../support/connrig.ts';
import { echoServer, type MadeTarget, makeTarget, securableServer } from './made.ts';

const TIMEOUT = { timeout: 120_000, skip: process.platform === 'linux' ? false : 'needs /proc' };
const SMALL = ['--levels', '20,40', ...HASTY];

/** A run against a target of the test's own. */
async function run(
  t: TestContext,
  { folder, cache }: MadeTarget,
  args: readonly string[] = [],
): Promise<{ ended: Ended; out: string }> {
  const out = newFolder(t);
  const env = { XDG_CACHE_HOME: cache };
  const ended = await connrig(t, ['run', '--target', folder, ...SMALL, ...args, '--out', out], { env });
  return { ended, out };
}

const errorOf = (out: string): string | undefined =>
  readEvents(out).flatMap((event) => (event.type === 'error' ? [event.code] : []))[0];

describe('a target', () => {
  it('without what it needs is told what to install', TIMEOUT, async (t) => {
    const out = newFolder(t);
    const env = { PATH: '/nowhere' };
    const ended = await connrig(t, ['run', '--target', 'go-tcp', ...SMALL, '--out', out], { env });
    assertFailed(ended, 3, 'ETOOLCHAIN', /go-tcp can't be built here: go is not installed — sudo apt-get install -y /);
    assert.equal(errorOf(out), 'ETOOLCHAIN');
    const list = await connrig(t, ['targets'], { env });
    assert.equal(list.code, 0);
    assert.match(list.stdout, /^lacks +go-tcp .* go is not installed — sudo apt-get install /m);
  });

  it('whose build fails shows what it printed', TIMEOUT, async (t) => {
    const made = makeTarget(t, {
      build: ['echo compiling', 'echo "main.x:1: no such thing" >&2; exit 3', 'echo never'],
    });
    const { ended, out } = await run(t, made);
    assertFailed(ended, 4, 'ETARGETBUILD', /made can't be built: .* failed \(exit code 3\): main\.x:1: no such thing/);
    assert.equal(errorOf(out), 'ETARGETBUILD');
    assert.equal(readFileSync(join(out, 'build.log'), 'utf8'), 'compiling\nmain.x:1: no such thing\n');
    assert.deepEqual(readdirSync(join(made.cache, 'connrig', 'targets')), []);
  });

  it('that makes nothing to deploy has not been built', TIMEOUT, async (t) => {
    const { ended } = await run(t, makeTarget(t, { build: ['true'], deployed: ['server'] }));
    assertFailed(ended, 4, 'ETARGETBUILD', /its build makes no server/);
  });

  it('that never listens is given up, with what it printed', TIMEOUT, async (t) => {
    const made = makeTarget(t, { run: 'sh -c "echo thinking; exec sleep 60" {port}', readyWithin: '1s' });
    const { ended, out } = await run(t, made);
    assertFailed(ended, 4, 'ETARGETSTART', /does not answer on 127\.0\.0\.1:\d+ within 1 s: thinking/);
    assert.equal(readFileSync(join(out, 'target.log'), 'utf8'), 'thinking\n');
  });

  it('that ends at once is told with its last words', TIMEOUT, async (t) => {
    const { ended, out } = await run(t, makeTarget(t, { run: 'sh -c "echo no config >&2; exit 3" {port}' }));
    assertFailed(ended, 4, 'ETARGETSTART', /ended \(exit code 3\) before 127\.0\.0\.1:\d+ answered: no config/);
    assert.equal(errorOf(out), 'ETARGETSTART');
  });

  it('of several processes ends as soon as one of them does, which is named', TIMEOUT, async (t) => {
    const dies = echoServer("if (port % 2) setTimeout(() => { console.log('had enough'); process.exit(9); }, 5000);");
    const made = makeTarget(t, { run: 'node server.cjs {port}' }, { 'server.cjs': dies });
    const { ended } = await run(t, made, ['--processes', '2', '--rate', '5/s']);
    assertFailed(ended, 4, 'ETARGETDIED', /had enough \| the process at port \d*[13579] ended \(exit code 9\)/);
  });

  it('that nobody knows, or that has a URL besides, is refused with all that is wrong', TIMEOUT, async (t) => {
    const out = newFolder(t);
    const unknown = await connrig(t, ['run', '--target', 'cobol-tcp', '--levels', 'x', '--out', out]);
    assertFailed(
      unknown,
      2,
      'EUSAGE',
      /there is no target "cobol-tcp", only c-tcp, .*go-tcp.*; .*--levels|--levels.*cobol/,
    );
    const { folder } = makeTarget(t, {});
    const url = await connrig(t, ['run', 'tcp://127.0.0.1:9', '--target', folder, '--command', 'true', '--out', out]);
    assertFailed(url, 2, 'EUSAGE', /--target: .* leave the URL out; --command and --target: leave one of them out/);
    const spoken = await connrig(t, ['run', '--target', folder, '--protocol', 'ws', '--out', out]);
    assertFailed(spoken, 2, 'EUSAGE', /--protocol: made speaks tcp, not ws/);
    assert.equal(existsSync(out), false);
  });

  it('that fails keeps none of the others from being built', TIMEOUT, async (t) => {
    const lacking = makeTarget(t, {
      name: 'lacking',
      toolchain: [{ check: 'not-there --version', install: 'get it' }],
    });
    const failing = makeTarget(t, { name: 'failing', build: ['echo all of it; echo really; exit 1'] });
    const fine = makeTarget(t, { name: 'fine', build: ['echo quiet', 'echo x > server'], deployed: ['server'] });
    const env = { XDG_CACHE_HOME: fine.cache };
    const folders = [lacking, failing, fine].map(({ folder }) => folder);
    const { code, stdout, stderr } = await connrig(t, ['targets', 'build', '--json', ...folders], { env });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /^ETOOLCHAIN: lacking can't be built here: not-there is not installed — get it$/m);
    assert.match(stderr, /^all of it\nreally\nETARGETBUILD: failing can't be built: .* \(exit code 1\)/m);
    assert.match(stderr, /^fine: built in [\d.]+ s, 2 B to deploy$/m);
    const results = JSON.parse(stdout) as Array<{ name: string; error?: { code: string }; deployedBytes?: number }>;
    assert.deepEqual(
      results.map(({ name, error, deployedBytes }) => [name, error?.code, deployedBytes]),
      [
        ['lacking', 'ETOOLCHAIN', undefined],
        ['failing', 'ETARGETBUILD', undefined],
        ['fine', undefined, 2],
      ],
    );
    const again = await connrig(t, ['targets', 'build', fine.folder], { env });
    assert.equal(again.code, 0);
    assert.match(again.stderr, /^fine: was built before/);
    assert.equal((await connrig(t, ['targets', 'build', lacking.folder], { env })).code, 3);
  });

  it('speaks TLS by a certificate of its own, which goes with it, and plainly without one', TIMEOUT, async (t) => {
    const made = makeTarget(
      t,
      { protocols: ['tcp', 'tls'], run: 'node server.cjs {port}', deployed: ['server.cjs'] },
      { 'server.cjs': securableServer() },
    );
    const out = newFolder(t);
    const env = { XDG_CACHE_HOME: made.cache, TLS_CERT: '/nowhere/cert.pem', TLS_KEY: '/nowhere/key.pem' };
    assertWentThrough(await connrig(t, ['run', '--target', made.folder, ...SMALL, '--out', out], { env }));
    const { plan, target } = readRunJson(out);
    assert.deepEqual(
      plan.legs.map(({ name, transport }) => [name, transport]),
      [
        ['tcp', 'plain'],
        ['tls', 'tls'],
      ],
    );
    assert.match(target.urls.join(' '), /^tcp:\/\/127\.0\.0\.1:\d+ tls:\/\/127\.0\.0\.1:\d+$/);
    const told = readFileSync(join(out, 'target.log'), 'utf8').match(/^certificate .*$/gm)!;
    assert.deepEqual([told[0], told.length], ['certificate undefined undefined', 2]);
    const [, cert, key] = told[1]!.split(' ');
    assert.deepEqual(
      [cert, key].map((path) => existsSync(path!)),
      [false, false],
    );
    const again = await connrig(t, ['run', '--target', made.folder, '--protocol', 'wss', '--out', out], { env });
    assertFailed(again, 2, 'EUSAGE', /--protocol: made speaks tcp, tls, not wss/);
  });

  it('is measured in as many processes as are asked for, built once, its tools on record', TIMEOUT, async (t) => {
    const made = makeTarget(
      t,
      { build: ['echo building', 'cp server.txt server.cjs'], run: 'node server.cjs {port}', deployed: ['server.cjs'] },
      { 'server.txt': echoServer("console.log('at', port);") },
    );
    const { ended, out } = await run(t, made, ['--processes', '3', '--launches', '2']);
    assertWentThrough(ended);
    const { target, config } = readRunJson(out);
    assert.deepEqual(
      [target.kind, target.name, target.processes, config['target']],
      ['command', 'made', 3, made.folder],
    );
    assert.equal(target.built?.tools[0]?.version, process.versions.node);
    assert.equal(target.built.deployedBytes, echoServer("console.log('at', port);").length);
    assert.match(target.urls[0]!, /^tcp:\/\/127\.0\.0\.1:\d+-\d+$/);
    assert.equal(readFileSync(join(out, 'build.log'), 'utf8'), 'building\n');
    assert.equal(readFileSync(join(out, 'target.log'), 'utf8').match(/^at \d+$/gm)?.length, 6);
    const holds = readSamples(out).flatMap((sample) => (sample.type === 'memory' ? [sample] : []));
    for (const { readings } of holds) assert.ok(readings.target!.pids.length >= 4, 'the shell and its servers');
    const again = await run(t, made);
    assertWentThrough(again.ended);
    assert.equal(existsSync(join(again.out, 'build.log')), false);
  });
});
