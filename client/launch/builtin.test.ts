import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ServerMemory } from '../../core/schemas/admin.ts';
import { readRuntime } from '../../memory/runtime.ts';
import { startBuiltinTarget } from './builtin.ts';

const SELF = [process.execPath, fileURLToPath(new URL('../../bin/main.js', import.meta.url))];
const TIMEOUT = { timeout: 60_000 };

for (const processes of [1, 2]) {
  test(`what our server (${processes}) says of itself is for us alone`, TIMEOUT, async (t) => {
    const target = await startBuiltinTarget(SELF, { protocol: 'tcp', perMessageDeflate: 'off' }, processes);
    t.after(() => target.stop(true));
    const { adminUrl, adminToken, pid } = target;
    const memory = await readRuntime(adminUrl!, { gc: true, token: adminToken! });
    assert.deepEqual(ServerMemory.parse(memory), memory);
    assert.equal(memory.collected, true);
    for (const page of ['/metrics', '/memory?gc=1', '/healthz']) {
      assert.equal((await fetch(adminUrl + page)).status, 401, page);
    }
    if (process.platform !== 'linux') return;
    for (const { pid: part } of [...memory.processes, { pid: pid! }]) {
      assert.ok(!readFileSync(`/proc/${part}/cmdline`, 'latin1').includes(adminToken!), 'ps shows it to everybody');
    }
    await target.stop(true);
    await target.stop(true);
    assert.equal(target.death(), undefined, 'we ended it');
  });
}
