/** What the help says, and the version. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SERVE_FLAGS } from '../../cli/serve-options.ts';
import { RUN_OPTIONS } from '../../config/run-options.ts';
import { connrig, connrigHere } from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };

describe('the help', () => {
  const nameIn = (flags: string): string => /--([\w-]+)/.exec(flags)?.[1] ?? '';
  const OPTIONS: Readonly<Record<string, readonly string[]>> = {
    run: ['config', ...Object.values(RUN_OPTIONS).map(({ name }) => name)],
    serve: Object.values(SERVE_FLAGS).map(({ flags }) => nameIn(flags)),
    meter: ['pid', 'listen', 'admin-token', 'admin-names'],
    report: ['plan', 'png', 'json', 'size-by'],
    compare: ['out', 'json'],
    live: ['listen', 'admin-token', 'admin-names'],
    doctor: ['connections', 'json'],
  };
  for (const [command, options] of Object.entries(OPTIONS)) {
    it(`of connrig ${command} lists every option`, TIMEOUT, async () => {
      const { code, stdout, stderr } = await connrigHere([command, '--help']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name ?? '');
      assert.deepEqual(listed.sort(), [...options, 'help'].sort());
    });
  }

  it('of connrig lists every command; --version is that of the package', TIMEOUT, async (t) => {
    const { code, stdout } = await connrig(t, ['--help']);
    assert.equal(code, 0);
    for (const command of Object.keys(OPTIONS)) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
    const packageFile = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
    const shown = await connrig(t, ['--version']);
    assert.deepEqual({ code: shown.code, stdout: shown.stdout }, { code: 0, stdout: `${version}\n` });
  });
});
