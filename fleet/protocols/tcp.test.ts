import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTcpProtocol } from './tcp.ts';

test('tcp is usable at once, passes bytes on as they come, and ends with FIN alone', () => {
  const heard: unknown[] = [];
  const unexpected = (): never => assert.fail('tcp has no such finding');
  const tcp = createTcpProtocol({
    onOpen: unexpected,
    onHandshakeFailure: unexpected,
    onReply: unexpected,
    onAnswer: unexpected,
    onProtocolError: unexpected,
    onPayload: (slot, bytes, last) => heard.push([slot, ...bytes, last]),
    onPeerClose: (slot, detail) => heard.push([slot, detail]),
  });
  assert.equal(tcp.hello(7), undefined);
  tcp.onBytes(7, Uint8Array.of(1, 2));
  tcp.onBytes(7, Uint8Array.of(3));
  assert.equal(tcp.goodbye(7), undefined);
  tcp.onEnd(7);
  tcp.release(7);
  assert.deepEqual(heard, [
    [7, 1, 2, false],
    [7, 3, false],
    [7, 'FIN'],
  ]);
});

test('a tcp message is a copy of its payload, a heartbeat one byte', () => {
  const none = (): void => undefined;
  const tcp = createTcpProtocol({
    onOpen: none,
    onHandshakeFailure: none,
    onReply: none,
    onAnswer: none,
    onProtocolError: none,
    onPayload: none,
    onPeerClose: none,
  });
  const payload = Uint8Array.of(1, 2, 3);
  const message = tcp.message(0, payload);
  payload[0] = 9;
  assert.deepEqual([...message], [1, 2, 3]);
  assert.equal(tcp.heartbeat(0).length, 1);
});
