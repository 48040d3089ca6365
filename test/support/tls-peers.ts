import { once } from 'node:events';
import { connect as connectPlain, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { listen } from '../../telemetry/listen.ts';

/** A client that verifies what it is shown, once the handshake is done. What happens to its socket later is no error. */
export async function connectTls(
  port: number,
  ca: string | undefined,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca, ...more });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** A record of TLS as it is on the wire (RFC 8446, section 5.1). */
export interface WireRecord {
  readonly type: number;
  readonly length: number;
}

export const ALERT_RECORD = 21;

interface Tap {
  readonly port: number;
  /** What the server has sent to all who came this way, and whether it ended with FIN. */
  received(): { readonly records: readonly WireRecord[]; readonly hasEnded: boolean };
}

/** Stands before a server and writes down what it says. */
export async function tapRecords(t: Pick<TestContext, 'after'>, port: number): Promise<Tap> {
  const pieces: Buffer[] = [];
  const sockets: Socket[] = [];
  let hasEnded = false;
  const tap = createServer({ allowHalfOpen: true }, (client) => {
    const server = connectPlain({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(client, server);
    server.on('data', (piece: Buffer) => pieces.push(piece));
    server.on('end', () => {
      hasEnded = true;
    });
    for (const socket of [client, server]) socket.on('error', () => {});
    client.pipe(server).pipe(client);
  });
  const tapPort = await listen(tap, '127.0.0.1', 0, 511);
  t.after(() => {
    tap.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: tapPort,
    received: () => ({ records: recordsIn(Buffer.concat(pieces)), hasEnded }),
  };
}

function recordsIn(bytes: Buffer): WireRecord[] {
  const records: WireRecord[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 3);
    records.push({ type: bytes[at]!, length });
    at += 5 + length;
  }
  return records;
}
