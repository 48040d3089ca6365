import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialectNames, loadDialect } from '../config/dialects.ts';
import { assertFailed, connrigHere } from '../test/support/connrig.ts';
import { EXAMPLES } from './dialects.ts';

test('every dialect is listed with what it is, what it is spoken over, and its settings', async () => {
  const { code, stdout } = await connrigHere(['dialects']);
  assert.equal(code, 0);
  const lines = stdout.split('\n');
  for (const { name, protocols, what, params } of dialectNames().map(loadDialect)) {
    assert.ok(
      lines.some(
        (line) => line.startsWith(`${name} `) && line.includes(` ${protocols.join(' ')} `) && line.endsWith(what),
      ),
      name,
    );
    const settings = lines.findLast((line) => line.startsWith(`${name} `))!;
    for (const key of Object.keys(params)) assert.ok(settings.includes(`  ${key}=`), `${name}: ${key}`);
  }
});

test('one is told in full, with a command to paste whose settings it has', async () => {
  for (const name of dialectNames()) {
    const { params } = loadDialect(name);
    const { stdout } = await connrigHere(['dialects', name]);
    for (const [key, { what }] of Object.entries(params)) {
      assert.ok(
        stdout.split('\n').some((line) => line.startsWith(`${key} `) && line.includes(what)),
        `${name}: ${key}`,
      );
    }
    const setting = EXAMPLES[name]?.setting;
    assert.ok(setting === undefined || Object.hasOwn(params, setting.split('=')[0]!), name);
    const told = /^ {4}connrig try (\S+) --dialect (\S+)/m.exec(stdout);
    assert.equal(told?.[2], name);
    const json = await connrigHere(['dialects', name, '--json']);
    assert.equal(JSON.parse(json.stdout).name, name);
  }
});

test('what is no dialect is refused, with the one that was meant', async () => {
  assertFailed(await connrigHere(['dialects', 'mqt']), 2, 'EUSAGE', /there is no dialect mqt \(did you mean mqtt\?\)/);
});
