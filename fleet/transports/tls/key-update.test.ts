import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import type { Address } from './libcrypto.ts';
import { createMemoryServer, MEMORY_SERVER_NAME } from './memory-server.ts';
import { loadOpenSsl } from './openssl.ts';
import { createTlsTransport } from './tls-transport.ts';

const NOT_REQUESTED = 0;
const REQUESTED = 1;
const updateKeys: (ssl: Address, kind: number) => number = koffi.load(null).func('int SSL_key_update(uintptr_t, int)');

for (const ciphers of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']) {
  test(`${ciphers}: OpenSSL changes its keys and has ours changed, and hears and is heard under each`, () => {
    const server = createMemoryServer(loadOpenSsl());
    const peer = server.accept();
    const toServer: Uint8Array[] = [];
    const heard: Uint8Array[] = [];
    const seen: string[] = [];
    const transport = createTlsTransport(
      {
        servername: MEMORY_SERVER_NAME,
        verify: true,
        ca: server.certificate,
        own: undefined,
        alpn: [],
        versions: ['1.3'],
        ciphers,
        groups: undefined,
        resume: false,
      },
      1,
      {
        onSend: (_, bytes) => void toServer.push(bytes.slice()),
        onSecured: () => void seen.push('secured'),
        onPlain: (_, bytes) => void heard.push(bytes.slice()),
        onPeerEnd: () => void seen.push('end'),
        onFailure: (_, outcome, detail) => void seen.push(`${outcome}: ${detail}`),
      },
      () => {},
    );
    const exchange = () => transport.onBytes(0, peer.answer(Buffer.concat(toServer.splice(0))));
    transport.start(0);
    for (let flight = 0; flight < 4; flight++) exchange();
    assert.deepEqual(seen, ['secured']);
    for (let round = 0; round < 6; round++) {
      assert.equal(updateKeys(peer.ssl, round % 2 === 0 ? REQUESTED : NOT_REQUESTED), 1);
      // The first is heard under old keys and said back under new ones; the second follows our own change.
      for (const text of [`${round}: first`, `${round}: second`]) {
        toServer.push(transport.seal(0, Buffer.from(text)).slice());
        exchange();
        assert.equal(Buffer.concat(heard.splice(0)).toString(), text);
      }
      const { keyUpdatesIn, keyUpdatesOut } = transport.counts;
      assert.deepEqual([keyUpdatesIn, keyUpdatesOut], [round + 1, 1 + (round >> 1)]);
    }
    toServer.push(transport.goodbye(0).slice());
    exchange();
    assert.deepEqual(seen, ['secured', 'end']);
    transport.dispose();
    peer.dispose();
    server.dispose();
  });
}
