import type { TestContext } from 'node:test';
import { createMemoryServer, MEMORY_SERVER_NAME, type MemoryPeer } from '../../fleet/transports/tls/memory-server.ts';
import { loadOpenSsl } from '../../fleet/transports/tls/openssl.ts';
import type { TlsOptions } from '../../fleet/transports/tls/tls-options.ts';
import { createTlsTransport } from '../../fleet/transports/tls/tls-transport.ts';
import type { Transport } from '../../fleet/transports/transport.ts';
import { FIRST_VISIT } from './tls-clients.ts';

const openssl = loadOpenSsl();

/** Connections without sockets, to a server of OpenSSL in this process. */
export interface MemoryConnections {
  readonly transport: Transport;
  /** What slots were told, as text. */
  readonly heard: string[];
  /** Outcomes of those that failed. */
  readonly failures: string[];
  /** What becomes of each answer of a peer on its way: pieces, in order; as it is unless a test says otherwise. */
  underway: (answer: Uint8Array) => readonly Uint8Array[];
  /** Shakes hands on a slot. */
  connect(slot: number): MemoryPeer;
  /** Brings the peer these bytes, or what was sent, and its answers back, until there is nothing more to bring. */
  exchange(slot: number, peer: MemoryPeer, bytes?: Uint8Array): void;
  /** The peer's end is gone, and nobody has told. */
  leave(peer: MemoryPeer): void;
}

export function memoryConnections(t: TestContext, slots: number, options: Partial<TlsOptions>): MemoryConnections {
  const server = createMemoryServer(openssl);
  const toServer: Uint8Array[] = [];
  const heard: string[] = [];
  const failures: string[] = [];
  const transport = createTlsTransport(
    { ...FIRST_VISIT, servername: MEMORY_SERVER_NAME, ca: server.certificate, ...options },
    slots,
    {
      onSend: (_, bytes) => void toServer.push(bytes.slice()),
      onSecured: () => {},
      onPlain: (slot, bytes) => void heard.push(`${slot}: ${Buffer.from(bytes)}`),
      onPeerEnd: (slot) => void heard.push(`${slot}: ended`),
      onFailure: (_, outcome) => void failures.push(outcome),
    },
    () => {},
  );
  const peers = new Set<MemoryPeer>();
  t.after(() => {
    for (const peer of peers) peer.dispose();
    transport.dispose();
    server.dispose();
  });
  const exchange = (slot: number, peer: MemoryPeer, bytes?: Uint8Array) => {
    let next = bytes;
    do {
      const answer = peer.answer(next ?? Buffer.concat(toServer.splice(0)));
      for (const piece of answer.length > 0 ? made.underway(answer) : []) transport.onBytes(slot, piece);
      next = undefined;
    } while (toServer.length > 0);
  };
  const made: MemoryConnections = {
    transport,
    heard,
    failures,
    underway: (answer) => [answer],
    exchange,
    connect(slot) {
      const peer = server.accept();
      peers.add(peer);
      transport.start(slot);
      exchange(slot, peer);
      return peer;
    },
    leave(peer) {
      peers.delete(peer);
      peer.dispose();
    },
  };
  return made;
}
