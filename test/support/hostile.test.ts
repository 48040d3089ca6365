import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { HOSTILE_KINDS, startHostile } from './hostile.ts';
import { eventually } from './wait.ts';

const REQUEST =
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** First bytes of what a server says to a plain upgrade request, and how it leaves it, once that is so; and whatever comes after it. */
async function answerOf(port: number, wanted: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    text += `<${error.code}>`;
  });
  socket.write(REQUEST);
  socket.on('close', () => {
    text += '<closed>';
  });
  await eventually(() => wanted.test(text), `${wanted}`).catch(() => {});
  await delay(300);
  const answer = text;
  socket.destroy();
  return answer;
}

test('each kind says what its name promises, and stops when it is told to', { timeout: 120_000 }, async () => {
  const expected: Record<string, RegExp> = {
    silent: /^$/s,
    'status-200': /^HTTP\/1.1 200 OK\r\n.*<closed>$/s,
    'status-403': /^HTTP\/1.1 403 Forbidden\r\n.*<closed>$/s,
    'status-302': /^HTTP\/1.1 302 Found\r\n.*<closed>$/s,
    garbage: /^[^H].{199}$/s,
    'wrong-key': /^HTTP\/1.1 101 .*\r\nSec-WebSocket-Accept: (?!s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=).*\r\n\r\n$/s,
    'half-response': /^HTTP\/1.1 101 .*\r\nConnec<closed>$/s,
    'endless-head': /^HTTP\/1.1 101 Switching Protocols\r\nX: a+$/,
    reset: /^<ECONNRESET><closed>$/s,
    'close-at-once': /^(<[A-Z]+>)?<closed>$/s,
    'bad-frame': /^HTTP\/1.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n.{2}$/s,
    dropper: /^HTTP\/1.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n<ECONNRESET><closed>$/s,
    good: /^HTTP\/1.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n$/s,
  };
  for (const kind of HOSTILE_KINDS) {
    const server = await startHostile(kind, { dropAt: 1 });
    const answer = await answerOf(server.port, expected[kind]!);
    await server.close();
    assert.match(answer, expected[kind]!, kind);
    await assert.rejects(once(connect(server.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' }, kind);
  }
});

test('the good one echoes until its process is killed', { timeout: 30_000 }, async () => {
  const server = await startHostile('good');
  const client = new WebSocket(server.url);
  await once(client, 'open');
  client.send('hello');
  const [message] = (await once(client, 'message')) as [Buffer];
  assert.equal(message.toString(), 'hello');
  const closed = once(client, 'close');
  process.kill(server.pid!, 'SIGKILL');
  assert.equal((await closed)[0], 1006);
  await server.close();
});
