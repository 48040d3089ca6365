/** What the help says, and the version. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { OPTION_TABLES } from '../../config/option-tables.ts';
import { connrig, connrigHere } from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };

describe('the help', () => {
  for (const [command, table] of Object.entries(OPTION_TABLES)) {
    it(`of connrig ${command} lists every option`, TIMEOUT, async () => {
      const { code, stdout, stderr } = await connrigHere([...command.split(' '), '--help']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name ?? '');
      const options = [
        ...Object.values(table).map(({ name }) => name),
        ...(['run', 'find-limit', 'variants', 'try', 'doctor'].includes(command) ? ['config'] : []),
      ];
      assert.deepEqual(listed.sort(), [...options, 'help'].sort());
    });
  }

  it('of connrig lists every command; --version is that of the package', TIMEOUT, async (t) => {
    const { code, stdout } = await connrig(t, ['--help']);
    assert.equal(code, 0);
    for (const command of Object.keys(OPTION_TABLES)) {
      assert.match(stdout, new RegExp(`^ {2}${command.split(' ')[0]} `, 'm'));
    }
    const packageFile = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
    const shown = await connrig(t, ['--version']);
    assert.deepEqual({ code: shown.code, stdout: shown.stdout }, { code: 0, stdout: `${version}\n` });
  });
});
