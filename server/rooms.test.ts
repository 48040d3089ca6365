import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

const HOST = '127.0.0.1';

/** One in a room, and what it has heard. */
async function join(
  port: number,
  path: string,
  perMessageDeflate = false,
): Promise<{ socket: WebSocket; heard: string[] }> {
  const socket = new WebSocket(`ws://${HOST}:${port}${path}`, { perMessageDeflate });
  const heard: string[] = [];
  socket.on('message', (data, isBinary) => heard.push(`${isBinary ? 'binary' : 'text'} ${data}`));
  await once(socket, 'open');
  return { socket, heard };
}

async function stream(port: number): Promise<{ response: IncomingMessage; heard: () => string }> {
  const request = get({ host: HOST, port, path: '/rooms/a' });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return { response, heard: () => text };
}

test('what one in a room says goes to all others in it, as it was said, and outside of it back', async () => {
  const server = await startServe(['--protocol', 'ws,sse', '--per-message-deflate']);
  const { ws, sse } = server.ports;
  const members = await Promise.all([join(ws, '/rooms/a'), join(ws, '/rooms/a'), join(ws, '/rooms/a?x=1', true)]);
  const [other, outside, events] = [await join(ws, '/rooms/b'), await join(ws, '/'), await stream(sse)];
  try {
    const [one, two, compressed] = members;
    one!.socket.send('hello');
    one!.socket.send(Buffer.alloc(70_000, 'x'));
    await eventually(
      async () => [two, compressed].every((member) => member!.heard.length === 2),
      'both have heard both',
    );
    const large = `binary ${'x'.repeat(70_000)}`;
    assert.deepEqual(
      [two!.heard, compressed!.heard],
      [
        ['text hello', large],
        ['text hello', large],
      ],
    );
    outside.socket.send('echo');
    other.socket.send('nobody');
    const answer = await fetch(`${server.ready.admin}/publish?room=a`, { method: 'POST', body: 'news\nof two lines' });
    assert.deepEqual([answer.status, await answer.json()], [200, { schema: 1, room: 'a', bytes: 17 }]);
    await eventually(
      async () => members.every(({ heard }) => heard.at(-1) === 'text news\nof two lines'),
      'all have it',
    );
    await eventually(async () => events.heard().includes('of two lines'), 'the stream has it');
    assert.ok(events.heard().endsWith('data: news\ndata: of two lines\n\n'));
    await eventually(async () => outside.heard.length === 1, 'an echo');
    assert.deepEqual([one!.heard, other.heard, outside.heard], [['text news\nof two lines'], [], ['text echo']]);
    two!.socket.close();
    await once(two!.socket, 'close');
    one!.socket.send('later');
    await eventually(async () => compressed!.heard.at(-1) === 'text later', 'who is left hears it');
  } finally {
    for (const { socket } of [...members, other, outside]) socket.terminate();
    events.response.destroy();
    await server.stop();
  }
});

test('a room is one over all processes', async () => {
  const server = await startServe(['--processes', '2', '--protocol', 'ws']);
  const [, first = '', last = ''] = /:(\d+)-(\d+)$/.exec(server.ready.urls[0]!) ?? [];
  const [one, two] = [await join(Number(first), '/rooms/a'), await join(Number(last), '/rooms/a')];
  try {
    one.socket.send('hello');
    await eventually(async () => two.heard.length === 1, 'the other process has told it');
    await fetch(`${server.ready.admin}/publish?room=a`, { method: 'POST', body: 'news' });
    await eventually(async () => one.heard.length === 1 && two.heard.length === 2, 'both have it');
    assert.deepEqual([one.heard, two.heard], [['text news'], ['text hello', 'text news']]);
  } finally {
    for (const { socket } of [one, two]) socket.terminate();
    await server.stop();
  }
});

test('who publishes has to say where, and to know the token', async () => {
  const guarded = await startServe(['--admin-token', 'sesame-sesame-sesame']);
  try {
    const publish = (query: string, token?: string): Promise<Response> =>
      fetch(`${guarded.ready.admin}/publish${query}`, {
        method: 'POST',
        body: 'x',
        ...(token && { headers: { Authorization: `Bearer ${token}` } }),
      });
    assert.equal((await publish('?room=a')).status, 401);
    assert.equal((await publish('?room=a', 'sesame-sesame-sesame')).status, 200);
    assert.equal((await publish('', 'sesame-sesame-sesame')).status, 400);
    assert.equal((await fetch(`${guarded.ready.admin}/healthz`, { method: 'POST', body: 'x' })).status, 405);
  } finally {
    await guarded.stop();
  }
});
