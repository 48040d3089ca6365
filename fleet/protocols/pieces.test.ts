import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpProtocol } from './http.ts';
import { Pieces } from './pieces.ts';
import { createWsProtocol } from './ws.ts';

test('pieces count for what they are now: replaced ones and those that went no longer', () => {
  const pieces = new Pieces();
  const piece = new Uint8Array(2 ** 20);
  for (let round = 0; round < 40; round++) pieces.set(0, piece);
  for (let slot = 1; slot < 16; slot++) pieces.set(slot, piece);
  assert.equal(pieces.areTooMany, false);
  pieces.set(16, Uint8Array.of(1));
  assert.equal(pieces.areTooMany, true);
  assert.deepEqual([pieces.delete(3), pieces.delete(3), pieces.areTooMany], [true, false, false]);
});

for (const name of ['ws', 'http'] as const) {
  test(`${name}: heads of thousands of connections that have come in part are bounded together`, () => {
    const failures: Array<[slot: number, outcome: string, detail: string]> = [];
    const none = (): void => undefined;
    const protocol = (name === 'ws' ? createWsProtocol : createHttpProtocol)(
      { slots: 2000, path: '/', hostHeader: 'h' },
      {
        onOpen: none,
        onPayload: none,
        onAnswer: none,
        onReply: none,
        onPeerClose: none,
        onProtocolError: none,
        onHandshakeFailure: (slot, outcome, detail) => failures.push([slot, outcome, detail]),
      },
    );
    const half = Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(16_000)}`);
    for (let slot = 0; slot < 2000; slot++) {
      protocol.hello(slot);
      protocol.onBytes(slot, half);
    }
    const kept = Math.floor((16 * 2 ** 20) / half.length);
    assert.equal(failures.length, 2000 - kept);
    assert.deepEqual(failures[0], [
      kept,
      'bad-handshake',
      'heads that have come in part take more than 16777216 bytes together',
    ]);
  });
}
