import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { ELSEWHERE } from './elsewhere.ts';
import { startHosts } from './hosts.ts';
import { needs } from './needs.ts';
import { startRedisServer } from './redis.ts';

const SKIP = { ...ELSEWHERE, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };
/** What a client of Redis comes to: it asks once, and waits for a second. */
const ASK = `const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port }).on('error', (error) => end(error.code));
  const end = (said) => { console.log(said); process.exit(); };
  socket.write('SET a 1\\r\\nGET a\\r\\n');
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => { said += text; if (said.includes('\\n1\\r\\n')) end('1'); });
  setTimeout(end, 1000, 'nothing');`;

test('hosts have names, uptimes and a network of their own, and links that can be cut', SKIP, async (t) => {
  const { redis, one, two } = await startHosts(t, ['redis', 'one', 'two']);
  assert.equal(one.exec('cat', '/proc/sys/kernel/hostname').trim(), 'one');
  const uptimeOf = (host: typeof one): number => Number(host.exec('cat', '/proc/uptime').split(' ')[0]);
  assert.ok(Math.abs(uptimeOf(two) - uptimeOf(one) - 100_000) < 1000);
  const { url, stop, start } = await startRedisServer(t, { host: redis, keeps: true });
  const { hostname, port } = new URL(url);
  const ask = (host: typeof one): string => host.exec(process.execPath, '-e', ASK, hostname, port).trim();
  assert.deepEqual([ask(one), ask(two)], ['1', '1']);
  one.cut(redis);
  assert.deepEqual([ask(one), ask(two)], ['nothing', '1']);
  one.mend(redis);
  assert.equal(ask(one), '1');
  await stop();
  assert.equal(ask(one), 'ECONNREFUSED');
  await start();
  const get = ['-e', ASK.replace('SET a 1\\r\\n', ''), hostname, port];
  assert.equal(one.exec(process.execPath, ...get).trim(), '1', 'it has kept what it was told');
  await stop();
  await start('empty');
  assert.equal(one.exec(process.execPath, ...get).trim(), 'nothing');
  const ours = readlinkSync('/proc/self/ns/net');
  assert.notEqual(one.exec('readlink', '/proc/self/ns/net').trim(), ours);
  assert.equal(spawnSync('ip', ['link', 'show', 'bridge']).status, 1, 'nothing of it is in our own');
});
