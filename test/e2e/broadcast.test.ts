/** `--behaviour broadcast`, from the command line to the verdict. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { EXIT } from '../../core/values/errors.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  readSamples,
  reportOn,
} from '../support/connrig.ts';
import { startServe } from '../support/serve-process.ts';

const TIMEOUT = { timeout: 120_000 };
const PUBLISH = ['--behaviour', 'broadcast:20/s:256B:60s', '--talk', '1s'];

test('the built-in server: all have all of it, by the record, the summary and the verdict', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  const gate = ['--fail-if', 'ws.broadcast.missing > 0', '--fail-if', 'ws.broadcast.deliveryP99Ms > 1h'];
  const args = ['--protocol', 'ws', ...ONE_LEVEL, ...PUBLISH, ...gate, '--quiet', '--out', folder];
  const ended = await connrig(t, ['run', ...args]);
  assertWentThrough(ended);
  const [stretch, ...others] = readSamples(folder).filter((sample) => sample.type === 'broadcast');
  assert.ok(stretch && others.length === 0 && stretch.messages > 0);
  const { messages, expected, reached, missing, duplicates, disordered, each } = stretch;
  assert.deepEqual([expected, reached, missing, duplicates, disordered], [messages * 19, messages * 19, 0, 0, 0]);
  assert.ok(each.every((one) => one.reached === 19 && one.firstMs! <= one.lastMs! && one.p50Ms! <= one.p99Ms!));
  const { legs } = await reportOn(t, folder);
  const { broadcast } = legs[0]!;
  assert.deepEqual([broadcast?.reached, broadcast?.missingPercent, broadcast?.subscribers], [reached, 0, 19]);
  assert.match(ended.stdout, new RegExp(`deliveries that came +${reached} of ${reached}`));
});

test('requests publish at the admin port, to ws and event streams; the token stands nowhere', TIMEOUT, async (t) => {
  const token = 'sesame-sesame-sesame';
  const server = await startServe(['--protocol', 'ws,sse', '--admin-token', token]);
  try {
    const folder = newFolder(t);
    const { ws, sse } = server.ports;
    const urls = [`ws://127.0.0.1:${ws}/rooms/a`, `sse://127.0.0.1:${sse}/rooms/a`];
    const by = ['--publish', `POST ${server.ready.admin}/publish?room=a`];
    const env = { CONNRIG_PUBLISH_HEADER: `Authorization: Bearer ${token}` };
    const args = [...urls, ...by, ...ONE_LEVEL, ...PUBLISH, '--quiet', '--out', folder];
    assertWentThrough(await connrig(t, ['run', ...args], { env }));
    const { legs } = await reportOn(t, folder);
    for (const { name, broadcast } of legs) {
      assert.ok(broadcast && broadcast.messages > 0, name);
      assert.deepEqual([broadcast.reached, broadcast.refused], [broadcast.messages * 20, 0], name);
    }
    assert.ok(!JSON.stringify(readRunJson(folder)).includes(token));
  } finally {
    await server.stop();
  }
});

test('a server that tells nobody: the run is inconclusive, and says what to look at', TIMEOUT, async (t) => {
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(wss, 'listening');
  const url = `ws://127.0.0.1:${(wss.address() as AddressInfo).port}`;
  try {
    const quick = ['--behaviour', 'broadcast:20/s:256B:1s', '--talk', '500ms'];
    const ended = await connrig(t, ['run', url, ...ONE_LEVEL, ...quick, '--quiet', '--out', newFolder(t)]);
    assertFailed(ended, EXIT.inconclusive, 'EINCONCLUSIVE', /none of [\d,]+ deliveries came/);
  } finally {
    for (const client of wss.clients) client.terminate();
    wss.close();
  }
});

for (const [args, sentence] of [
  [['--protocol', 'sse', ...PUBLISH], /sse connections can't publish; give --publish/],
  [['--protocol', 'tcp', ...PUBLISH], /the built-in server has rooms for ws alone/],
  [['--publish', 'POST http://127.0.0.1/x'], /nothing is published without --behaviour broadcast/],
  [['--publish', 'GET http://127.0.0.1/x', ...PUBLISH], /is no request that publishes/],
  [['--publish-message', 'hello', ...PUBLISH], /has to have \{message\} once/],
] as const) {
  test(`${args.join(' ')} is refused`, async () => {
    assertFailed(await connrigHere(['run', ...args]), EXIT.usage, 'EUSAGE', sentence);
  });
}
