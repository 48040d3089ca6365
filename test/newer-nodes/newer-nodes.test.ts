/**
 * What depends on the version of Node.js most, on versions newer than the one that runs the other tests: engines and their
 * contract, the fleet's threads, and what is shipped, measuring a server. Their binaries come as npm packages.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connrig, newFolder, reportOn } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { NEWER } from './versions.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PARTS = ['client/engines/epoll', 'client/engines/node', 'client/fleet/fleet', 'memory/sock-diag'];
const TIMEOUT = { timeout: 600_000 };
/** Kept between runs: each is 200 MB. */
const KEPT = join(homedir(), '.cache', 'connrig-tests', 'nodes');
/** npm as a person would start it: without what an `npm test` around us says about itself. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const npm = (args: readonly string[]): string => execFileSync('npm', args, { encoding: 'utf8', env });

const skip = process.platform === 'linux' ? needs('npm') : 'the packages are for Linux';
for (const version of NEWER) {
  describe(`on Node.js ${version}`, { ...TIMEOUT, skip }, () => {
    const home = join(KEPT, version);
    const node = join(home, 'node_modules', 'node', 'bin', 'node');
    before(() => {
      mkdirSync(home, { recursive: true });
      if (!existsSync(node)) npm(['install', '--prefix', home, '--no-audit', '--no-fund', `node@${version}`]);
      assert.equal(execFileSync(node, ['--version'], { encoding: 'utf8' }), `v${version}\n`);
    });

    for (const part of PARTS) {
      it(part, TIMEOUT, () => {
        const file = join(ROOT, 'dist', `${part}.test.js`);
        const { status, stdout } = spawnSync(node, ['--enable-source-maps', '--test-reporter=spec', file], {
          encoding: 'utf8',
        });
        assert.equal(status, 0, stdout);
        assert.ok(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1]) > 0, 'something was tested');
      });
    }

    it('the packed command measures a server of its own', TIMEOUT, async (t) => {
      const there = dirname(newFolder(t));
      npm(['pack', ROOT, '--ignore-scripts', '--silent', '--pack-destination', there]);
      const packed = readdirSync(there).find((name) => name.endsWith('.tgz'))!;
      npm(['install', '--prefix', there, '--no-audit', '--no-fund', join(there, packed)]);
      const folder = join(there, 'run');
      const { code, stderr } = await connrig(
        t,
        ['run', '--connections', '60', '--levels', '3', '--settle-timeout', '0s', '--out', folder],
        { cwd: there, program: [node, join(there, 'node_modules', 'connrig', 'dist', 'bin', 'main.js')] },
      );
      // On a machine that is busy with other things it may have been late, which is another matter.
      assert.ok(code === 0 || code === 6, stderr);
      const { legs } = await reportOn(t, folder);
      assert.deepEqual(
        legs.map(({ protocol, levels }) => [protocol, levels.map(({ open, established }) => [open, established])]),
        ['tcp', 'ws'].map((protocol) => [protocol, [20, 40, 60].map((open) => [open, open])]),
      );
    });
  });
}
