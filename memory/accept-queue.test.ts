import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import { readAcceptQueue } from './accept-queue.ts';

/** Listens, and never looks at what comes. */
const DEAF = `const s=require('node:net').createServer().listen(0,'127.0.0.1',()=>{
  require('node:fs').writeSync(1,String(s.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)})`;

test('connections that nobody accepts are counted, of that port alone', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [digits] = await once(child.stdout, 'data');
  const port = Number(String(digits));
  assert.equal(await readAcceptQueue('127.0.0.1', [port]), 0);
  for (let i = 1; i <= 7; i++) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
  }
  await eventually(async () => ((await readAcceptQueue('127.0.0.1', [port])) === 7 ? true : undefined), 'all seven');
  assert.equal(await readAcceptQueue('127.0.0.1', [port === 65_535 ? 1 : port + 1]), 0);
});

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, state: string, rx: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:${rx.toString(16).padStart(8, '0')} 00:00000000 00000000  0 0 1 1\n`;
const ANY6 = '0'.repeat(32);

function lists(t: TestContext, tcp: string, tcp6?: string) {
  const at = mkdtempSync(join(tmpdir(), 'connrig-queue-'));
  t.after(() => rmSync(at, { recursive: true }));
  writeFileSync(join(at, 'tcp'), HEAD + tcp);
  if (tcp6 !== undefined) writeFileSync(join(at, 'tcp6'), HEAD + tcp6);
  return { tcp: join(at, 'tcp'), tcp6: join(at, 'tcp6') };
}

test('listeners of the address or of any count, those of another address or port do not, nor what is queued elsewhere', async (t) => {
  const paths = lists(
    t,
    line('0100007F:1F90', '0A', 3) +
      line('00000000:1F90', '0A', 0x20) +
      line('0500000A:1F90', '0A', 64) +
      line('0100007F:1F91', '0A', 128) +
      line('0100007F:1F90', '01', 1000),
    line(`${ANY6}:1F90`, '0A', 4) + line(`${ANY6.slice(0, -8)}01000000:1F90`, '0A', 8),
  );
  assert.equal(await readAcceptQueue('127.0.0.1', [8080], paths), 3 + 32 + 4);
  assert.equal(await readAcceptQueue('127.0.0.1', [8080, 8081], paths), 3 + 32 + 4 + 128);
  assert.equal(await readAcceptQueue('::1', [8080], paths), 32 + 4 + 8);
});

test('without IPv6 its list is empty; without any list nothing is known', async (t) => {
  const paths = lists(t, line('0100007F:1F90', '0A', 3));
  assert.equal(await readAcceptQueue('127.0.0.1', [8080], paths), 3);
  assert.equal(await readAcceptQueue('127.0.0.1', [8080], { tcp: '/no/tcp', tcp6: '/no/tcp6' }), null);
});

test('many listeners are read to the last of them', async (t) => {
  const many = Array.from({ length: 2000 }, (_, i) =>
    line(`00000000:${(i + 1024).toString(16).toUpperCase()}`, '0A', 1),
  );
  assert.equal(await readAcceptQueue('127.0.0.1', [1024, 3023], lists(t, many.join(''))), 2);
});
