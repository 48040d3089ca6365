/**
 * What depends on the version of Node.js most, on one newer than what runs the other tests. That is sockets and calls of
 * the C library, threads that share memory, and what is shipped, measuring a server. Its binary comes as an npm package.
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
import { understandsUs } from '../targets/checks.ts';
import { startSecured } from '../tls/start-secured.ts';
import type { NEWER } from './versions.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Parts of the contract: opening, both ways of closing, bytes both ways, turns, many at once, a protocol on top. */
const OF_ENGINES = [
  ...['connects', 'when we finish first', 'the peer resets', 'abort:', 'bytes come in any pieces', 'a turn', 'dispose'],
  ...['2000 opens', 'out of descriptors', '500 connections: handshake'],
];
/** Test files, and which of their tests; none: all. */
const PARTS: ReadonlyArray<readonly [file: string, tests: readonly string[]]> = [
  ['fleet/engines/epoll', OF_ENGINES.map((name) => `^epoll( engine)? .*${name}`)],
  ['fleet/engines/node', OF_ENGINES],
  ['fleet/fleet', ['^tcp: exactly as many', '^2 workers share', '^stopping while']],
  // Each has another OpenSSL in it.
  ['fleet/tls', []],
  ['fleet/transports/tls/sessions', []],
  ['fleet/transports/tls/record-layer', []],
  ['memory/sock-diag', []],
];
const TIMEOUT = { timeout: 600_000 };
/** Kept between runs: each is 200 MB. */
const KEPT = join(homedir(), '.cache', 'connrig-tests', 'nodes');
/** npm as a person would start it: without what an `npm test` around us says about itself. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const npm = (args: readonly string[]): string => execFileSync('npm', args, { encoding: 'utf8', env });

const skip = process.platform === 'linux' ? needs('npm') : 'the packages are for Linux';
/** @param version whole, as npm has it */
export function goesOn(version: (typeof NEWER)[number]): void {
  describe(`on Node.js ${version}`, { ...TIMEOUT, skip }, () => {
    const home = join(KEPT, version);
    const node = join(home, 'node_modules', 'node', 'bin', 'node');
    before(() => {
      mkdirSync(home, { recursive: true });
      if (!existsSync(node)) npm(['install', '--prefix', home, '--no-audit', '--no-fund', `node@${version}`]);
      assert.equal(execFileSync(node, ['--version'], { encoding: 'utf8' }), `v${version}\n`);
    });

    for (const [part, tests] of PARTS) {
      it(part, TIMEOUT, () => {
        const file = join(ROOT, 'dist', `${part}.test.js`);
        const only = tests.map((name) => `--test-name-pattern=${name}`);
        const { status, stdout } = spawnSync(node, ['--enable-source-maps', '--test-reporter=spec', ...only, file], {
          encoding: 'utf8',
        });
        assert.equal(status, 0, stdout);
        // None of the names has been forgotten in a change of those tests.
        for (const name of tests) {
          const own = name.replace(/^.*\.\*|^\^/, '');
          assert.ok(stdout.includes(own), `${own}:\n${stdout}`);
        }
        assert.ok(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1]) >= tests.length, 'something was tested');
      });
    }

    it('a server over TLS and our client understand each other', TIMEOUT, async (t) => {
      const { openssl } = JSON.parse(
        execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
      );
      assert.match(openssl, /^3\.5\./);
      const server = join(ROOT, 'targets', 'node-http', 'server.js');
      await understandsUs(await startSecured(t, (port) => [node, server, String(port)]), 'http');
    });

    it('the packed command measures a server of its own', TIMEOUT, async (t) => {
      const there = dirname(newFolder(t));
      npm(['pack', ROOT, '--ignore-scripts', '--silent', '--pack-destination', there]);
      const packed = readdirSync(there).find((name) => name.endsWith('.tgz'))!;
      npm(['install', '--prefix', there, '--no-audit', '--no-fund', join(there, packed)]);
      const folder = join(there, 'run');
      const { code, stderr } = await connrig(
        t,
        [
          'run',
          '--protocol',
          'tcp,wss',
          '--connections',
          '60',
          '--levels',
          '3',
          '--settle-timeout',
          '0s',
          '--out',
          folder,
        ],
        { cwd: there, program: [node, join(there, 'node_modules', 'connrig', 'dist', 'bin', 'main.js')] },
      );
      // On a machine that is busy with other things it may have been late, which is another matter.
      assert.ok([0, 6, 7].includes(code ?? -1), stderr);
      const { legs } = await reportOn(t, folder);
      assert.deepEqual(
        legs.map(({ protocol, levels }) => [protocol, levels.map(({ open, established }) => [open, established])]),
        ['tcp', 'ws'].map((protocol) => [protocol, [20, 40, 60].map((open) => [open, open])]),
      );
    });
  });
}
