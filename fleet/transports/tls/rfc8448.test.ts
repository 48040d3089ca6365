import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRACED_DATA, TRACES } from '../../../test/support/rfc8448.ts';
import { RecordLayer } from './record-layer.ts';

for (const { section, client, server, hasTicket } of TRACES) {
  test(`RFC 8448, section ${section}: records are sealed to the byte, and opened`, () => {
    const seen: string[] = [];
    const layer = new RecordLayer(1, {
      onSend: () => void seen.push('sent'),
      onPlain: (_, bytes) => void seen.push(Buffer.from(bytes).toString('hex')),
      onPeerEnd: () => void seen.push('end'),
      onTicket: () => void seen.push('ticket'),
      onKeyUpdate: () => void seen.push('update'),
      onAlert: (_, alert) => void seen.push(`alert ${alert}`),
      onBroken: (_, detail) => void seen.push(detail),
    });
    layer.begin(0, {
      version: '1.3',
      cipher: 'aes-128-gcm',
      hash: 'sha256',
      clientSecret: client.secret,
      serverSecret: server.secret,
    });
    layer.onBytes(0, Buffer.from(server.records.join(''), 'hex'));
    assert.deepEqual(seen, [...(hasTicket ? ['ticket'] : []), TRACED_DATA.toString('hex'), 'end']);
    const hex = (wire: Uint8Array): string => Buffer.from(wire).toString('hex');
    assert.deepEqual([hex(layer.seal(0, TRACED_DATA)), hex(layer.goodbye(0))], client.records);
    layer.dispose();
  });
}
