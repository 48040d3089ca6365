import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { addsUp, startLocal } from '../test/support/local-server.ts';
import { unusedPath } from '../test/support/peers.ts';
import { startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 60_000 };

test('each protocol is served at a path, and counted by its scheme', TIMEOUT, async (t) => {
  const sockets = { 'tcp+unix': unusedPath(), 'ws+unix': unusedPath(), 'http+unix': unusedPath() };
  const schemes = ['tcp+unix', 'ws+unix', 'http+unix'] as const;
  const { server, census } = await startLocal({ schemes, sockets });
  t.after(() => server.close());
  assert.deepEqual(
    server.ready.urls,
    schemes.map((scheme) => `${scheme}://${sockets[scheme]}`),
  );
  const tcp = connect({ path: sockets['tcp+unix'] });
  tcp.write('hello');
  assert.equal(String((await once(tcp, 'data'))[0]), 'hello');
  const ws = new WebSocket(`ws+unix:${sockets['ws+unix']}:/any`);
  await once(ws, 'open');
  ws.send('hello');
  assert.equal(String((await once(ws, 'message'))[0]), 'hello');
  const asked = request({ socketPath: sockets['http+unix'], path: '/' }).end();
  const [answer] = await once(asked, 'response');
  assert.equal(answer.statusCode, 200);
  const counted = await census();
  assert.deepEqual(
    schemes.map((scheme) => [counted[scheme].accepted, addsUp(counted[scheme])]),
    schemes.map(() => [1, true]),
  );
  assert.equal(counted.tcp.accepted, 0);
  const top = (await (await fetch(`${server.ready.admin}/connections?top=5`)).json()) as {
    connections: Array<{ peer: string }>;
  };
  for (const { peer } of top.connections) assert.match(peer, /^(tcp|ws|http)\+unix$/);
  tcp.destroy();
  ws.terminate();
  answer.destroy();
  await eventually(async () => (await census())['ws+unix'].open === 0, 'all are gone');
});

test('without a path it has a folder that nobody else gets into, and that goes with it', TIMEOUT, async (t) => {
  const server = await startServe(['--protocol', 'ws+unix']);
  t.after(() => server.child.kill('SIGKILL'));
  const path = server.ready.urls[0]!.replace('ws+unix://', '');
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.ok(statSync(path).isSocket());
  await server.stop();
  assert.equal(existsSync(dirname(path)), false);
});

test('a path that is taken is told with what takes it away', TIMEOUT, async (t) => {
  const sockets = { 'tcp+unix': unusedPath() };
  const { server } = await startLocal({ schemes: ['tcp+unix'], sockets });
  t.after(() => server.close());
  await assert.rejects(startLocal({ schemes: ['tcp+unix'], sockets }), {
    code: 'ELISTEN',
    message: `${sockets['tcp+unix']} is there already`,
    hint: new RegExp(`^rm ${sockets['tcp+unix']}, if nobody listens there`),
  });
  await assert.rejects(startLocal({ schemes: ['tcp+unix'], sockets: { 'tcp+unix': '/nowhere/at/all.sock' } }), {
    code: 'ELISTEN',
    hint: 'mkdir -p /nowhere/at',
  });
});
