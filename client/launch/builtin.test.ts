import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ServerMemory } from '../../core/schemas/admin.ts';
import { readRuntime } from '../../memory/runtime.ts';
import { connectTls } from '../../test/support/tls-peers.ts';
import { startBuiltinTarget } from './builtin.ts';

const SELF = [process.execPath, fileURLToPath(new URL('../../bin/main.js', import.meta.url))];
const TIMEOUT = { timeout: 60_000 };

for (const processes of [1, 2]) {
  test(`what our server (${processes}) says of itself is for us alone`, TIMEOUT, async (t) => {
    const target = await startBuiltinTarget(
      SELF,
      { protocol: 'tcp', transport: 'plain', family: 'inet', perMessageDeflate: 'off' },
      processes,
    );
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

const ELSEWHERE = process.platform === 'linux' ? {} : { skip: 'of 127.0.0.0/8 other systems have one address' };
for (const transport of ['plain', 'tls'] as const) {
  test(`it listens where it is told to (${transport}), and its certificate has that address`, {
    ...TIMEOUT,
    ...ELSEWHERE,
  }, async (t) => {
    const leg = { protocol: 'ws', transport, family: 'inet', perMessageDeflate: 'off' } as const;
    const target = await startBuiltinTarget(SELF, leg, 2, '127.0.0.7');
    t.after(() => target.stop(true));
    assert.equal(target.url.host, '127.0.0.7');
    for (const port of target.url.ports) {
      await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
      if (transport === 'tls') (await connectTls(port, target.caCert, { host: '127.0.0.7' })).destroy();
      else {
        const socket = connect(port, '127.0.0.7');
        await once(socket, 'connect');
        socket.destroy();
      }
    }
    assert.match(target.adminUrl!, /^http:\/\/127\.0\.0\.1:/, 'who may read its memory is on this machine');
  });
}

test('over TLS it makes a certificate, which a client of ours alone has to trust', TIMEOUT, async (t) => {
  const leg = { protocol: 'ws', transport: 'tls', family: 'inet', perMessageDeflate: 'off' } as const;
  const target = await startBuiltinTarget(SELF, leg, 1);
  t.after(() => target.stop(true));
  const { scheme, host, ports } = target.url;
  assert.equal(scheme, 'wss');
  const socket = await connectTls(ports[0]!, target.caCert, { host });
  assert.ok(socket.authorized);
  socket.destroy();
  const { census } = await readRuntime(target.adminUrl!, { gc: false, token: target.adminToken! });
  assert.deepEqual([census.wss.accepted, census.ws.accepted], [1, 0]);
  assert.ok(!/PRIVATE KEY/.test(JSON.stringify(target)));
});
