/** What `scripts/strangers/` has for the rows of docs/strangers.md: targets that can be read, and a publisher. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findTarget } from '../../lab/catalogue.ts';
import { sourceOf } from '../support/compiled.ts';

const FOLDER = sourceOf('../scripts/strangers');
const BYTES = 300;

test('each folder is a target of its name', () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((one) => one.isDirectory());
  assert.ok(folders.length >= 7);
  for (const { name } of folders) {
    const found = findTarget(join(FOLDER, name));
    assert.ok(typeof found === 'object', String(found));
    assert.equal(found.manifest.name, name);
  }
});

/** What the publisher says first, so many bytes of it; it ends when we hang up. */
async function published(t: TestContext, kind: 'mqtt' | 'redis', bytes: number): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const words = [join(FOLDER, 'publish.mjs'), kind, `${port}`, `${BYTES}`, '100'];
  const publisher = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  t.after(() => publisher.kill('SIGKILL'));
  const [socket] = (await once(server, 'connection')) as [Socket];
  let said = Buffer.alloc(0);
  for await (const piece of socket) {
    said = Buffer.concat([said, piece as Buffer]);
    if (said.length >= bytes) break;
  }
  if (publisher.exitCode === null) await once(publisher, 'exit');
  assert.equal(publisher.exitCode, 0);
  return said.subarray(0, bytes);
}

test('its publisher speaks MQTT', async (t) => {
  const connect = Buffer.from('\x10\x0f\0\x04MQTT\x04\x02\0\0\0\x03pub', 'latin1');
  // Two bytes of length and "news" stand before the payload: 306, in seven bits each.
  const publish = Buffer.concat([Buffer.from([0x30, 0xb2, 0x02, 0, 4]), Buffer.from('news'), Buffer.alloc(BYTES, 'x')]);
  const wanted = Buffer.concat([connect, publish, publish]);
  assert.deepEqual(await published(t, 'mqtt', wanted.length), wanted);
});

test('its publisher speaks to Redis', async (t) => {
  const command = `*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$${BYTES}\r\n${'x'.repeat(BYTES)}\r\n`;
  const wanted = Buffer.from(command.repeat(2));
  assert.deepEqual(await published(t, 'redis', wanted.length), wanted);
});
