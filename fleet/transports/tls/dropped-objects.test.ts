import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import { memoryConnections } from '../../../test/support/tls-in-memory.ts';
import type { Address } from './libcrypto.ts';
import type { TlsOptions } from './tls-options.ts';

const keyUpdate: (ssl: Address, asksForOurs: number) => number = koffi
  .load(null)
  .func('int SSL_key_update(uintptr_t, int)');

for (const ciphers of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']) {
  test(`${ciphers}: a server changes its keys and asks for ours, again and again`, (t) => {
    const { transport, heard, failures, connect, exchange } = memoryConnections(t, 4, { ciphers });
    const peer = connect(2);
    const say = (text: string) => {
      exchange(2, peer, transport.seal(2, Buffer.from(text)).slice());
    };
    say('before');
    for (const asks of [0, 1, 1]) {
      assert.equal(keyUpdate(peer.ssl, asks), 1);
      // What it says next is under its next key, behind the message that says so.
      say(`after ${asks}`);
    }
    assert.deepEqual(heard, ['2: before', '2: after 0', '2: after 1', '2: after 1']);
    assert.deepEqual([transport.counts.keyUpdatesIn, transport.counts.keyUpdatesOut], [3, 2]);
    exchange(2, peer, transport.goodbye(2).slice());
    assert.deepEqual([heard.at(-1), failures], ['2: ended', []]);
  });
}

test('what a connection keeps is a small part of an object', (t) => {
  const grown = (options: Partial<TlsOptions>): number => {
    const { transport, connect, leave } = memoryConnections(t, WARM + MEASURED, options);
    let before = 0;
    for (let slot = 0; slot < WARM + MEASURED; slot++) {
      if (slot === WARM) before = process.memoryUsage.rss();
      leave(connect(slot));
    }
    const { objects, keptObjects, secured } = transport.counts;
    assert.deepEqual([objects, secured], [keptObjects, WARM + MEASURED]);
    return (process.memoryUsage.rss() - before) / MEASURED;
  };
  const dropped = grown({});
  assert.ok(dropped < MOST_DROPPED_BYTES, `${dropped} B a connection`);
  const kept = grown({ ciphers: 'ECDHE-ECDSA-AES128-SHA' });
  assert.ok(kept > LEAST_KEPT_BYTES, `${kept} B a connection that keeps its object`);
});
/** Handshakes before memory is looked at: the heap has its size by then. */
const WARM = 300;
const MEASURED = 1000;
/** It is a hundred, but the process's own heap moves by a few MB meanwhile. */
const MOST_DROPPED_BYTES = 9000;
const LEAST_KEPT_BYTES = 12_000;
