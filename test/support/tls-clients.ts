import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Outcome } from '../../core/values/outcomes.ts';
import type { Agreement, TlsOptions } from '../../fleet/transports/tls/tls-options.ts';
import { createTlsTransport } from '../../fleet/transports/tls/tls-transport.ts';
import type { Transport } from '../../fleet/transports/transport.ts';
import { eventually } from './wait.ts';

/** What a connection of {@link TlsClients} has come to, so far. */
export interface TlsClient {
  readonly slot: number;
  readonly socket: Socket;
  /** Sizes of what was sent, in order: those before the handshake was over, and its last. */
  readonly sent: number[];
  isSecured: boolean;
  plain: Buffer;
  hasPeerEnded: boolean;
  failure: { readonly outcome: Outcome; readonly detail: string; readonly isStranger: boolean } | undefined;
  isGone: boolean;
}

/** Connections over TLS on plain sockets, without an engine. */
export interface TlsClients {
  readonly transport: Transport;
  readonly agreements: readonly Agreement[];
  open(port: number): TlsClient;
  /** Opens one and waits until it is secured; fails when it fails. */
  secure(port: number): Promise<TlsClient>;
  /** Opens one and waits until it has failed. */
  fail(port: number): Promise<NonNullable<TlsClient['failure']>>;
  send(client: TlsClient, text: string): void;
  /** Says goodbye and closes; waits until it is gone. */
  close(client: TlsClient): Promise<void>;
}

export const FIRST_VISIT: TlsOptions = {
  servername: 'localhost',
  verify: true,
  ca: '',
  own: undefined,
  alpn: [],
  versions: ['1.2', '1.3'],
  ciphers: undefined,
  groups: undefined,
  resume: false,
};

/** What is left of them ends with the test. */
export function tlsClients(t: Pick<TestContext, 'after'>, options: Partial<TlsOptions>, slots = 64): TlsClients {
  const clients = new Map<number, TlsClient>();
  const agreements: Agreement[] = [];
  let next = 0;
  const of = (slot: number): TlsClient => {
    const client = clients.get(slot);
    assert.ok(client, `something is told of slot ${slot}, which is gone`);
    return client;
  };
  const put = (client: TlsClient, bytes: Uint8Array) => {
    client.sent.push(bytes.length);
    client.socket.write(new Uint8Array(bytes));
  };
  const transport = createTlsTransport(
    { ...FIRST_VISIT, ...options },
    slots,
    {
      onSend: (slot, bytes) => put(of(slot), bytes),
      onSecured(slot) {
        assert.equal(of(slot).isSecured, false, 'it is secured once');
        of(slot).isSecured = true;
      },
      onPlain(slot, bytes) {
        of(slot).plain = Buffer.concat([of(slot).plain, bytes]);
      },
      onPeerEnd(slot) {
        of(slot).hasPeerEnded = true;
      },
      onFailure(slot, outcome, detail, isStranger = false) {
        assert.equal(of(slot).failure, undefined, 'it fails once');
        of(slot).failure = { outcome, detail, isStranger };
        of(slot).socket.end();
      },
    },
    (agreement) => void agreements.push(agreement),
  );
  t.after(() => {
    for (const { socket } of clients.values()) socket.destroy();
    transport.dispose();
  });
  return {
    transport,
    agreements,
    open(port) {
      const slot = next++ % slots;
      const socket = connect(port, '127.0.0.1');
      const client: TlsClient = {
        slot,
        socket,
        sent: [],
        isSecured: false,
        plain: Buffer.alloc(0),
        hasPeerEnded: false,
        failure: undefined,
        isGone: false,
      };
      clients.set(slot, client);
      socket.on('connect', () => transport.start(slot));
      socket.on('data', (bytes: Uint8Array) => transport.onBytes(slot, bytes));
      socket.on('error', () => {});
      socket.on('close', () => {
        client.isGone = true;
        if (!clients.delete(slot)) return;
        transport.release(slot);
      });
      return client;
    },
    async secure(port) {
      const client = this.open(port);
      await eventually(() => client.isSecured || client.failure !== undefined || client.isGone, 'the handshake ends');
      assert.deepEqual([client.failure, client.isSecured], [undefined, true]);
      return client;
    },
    async fail(port) {
      const client = this.open(port);
      return eventually(() => client.failure, 'it fails');
    },
    send: (client, text) => put(client, transport.seal(client.slot, Buffer.from(text))),
    async close(client) {
      put(client, transport.goodbye(client.slot));
      client.socket.end();
      await eventually(() => client.isGone, 'it closes');
    },
  };
}

/** The port of a server that listens on loopback from now on, until the test ends. */
export async function portOf(t: Pick<TestContext, 'after'>, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
