import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';

const DEADLINE_MS = 30_000;

/** One end of a connection that reads when it is told to, and no sooner. */
export interface Peer {
  readonly socket: Socket;
  /** Resolves when the kernel has taken it, which is when the other end has read most of it. */
  send(bytes: Uint8Array): Promise<void>;
  /** The next so many bytes. */
  read(length: number): Promise<Buffer>;
  /** All up to and with the first `mark`. */
  readUntil(mark: string): Promise<Buffer>;
  /** Closes without a word: RST. */
  reset(): void;
}

/** @param ca PEM of the one certificate that is trusted; undefined: over plain TCP */
export async function connectPeer(port: number, ca?: string): Promise<Peer> {
  const below = connect({ port, host: '127.0.0.1', noDelay: true });
  // A caller that waits for bytes hears of it.
  below.on('error', () => {});
  const signal = AbortSignal.timeout(DEADLINE_MS);
  let socket = below;
  if (ca === undefined) {
    socket.pause();
    await once(below, 'connect', { signal });
  } else {
    socket = secure({ socket: below, ca, servername: 'localhost' });
    await once(socket, 'secureConnect', { signal });
    socket.pause();
    socket.on('error', () => {});
  }
  let held: Buffer = Buffer.alloc(0);
  const take = async (lengthIn: (held: Buffer) => number | undefined, what: string): Promise<Buffer> => {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const length = lengthIn(held);
      if (length !== undefined) {
        const taken = held.subarray(0, length);
        held = held.subarray(length);
        return taken;
      }
      const piece = socket.read() as Buffer | null;
      if (piece !== null) held = held.length === 0 ? piece : Buffer.concat([held, piece]);
      else if (socket.readableEnded || socket.destroyed) assert.fail(`closed before ${what}, after ${held.length} B`);
      else if (performance.now() > deadline) assert.fail(`no ${what} in time, ${held.length} B`);
      else await readable(socket);
    }
  };
  return {
    socket,
    send: (bytes) =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    read: (length) => take(({ length: has }) => (has >= length ? length : undefined), `${length} B`),
    readUntil: (mark) =>
      take((has) => {
        const at = has.indexOf(mark);
        return at === -1 ? undefined : at + mark.length;
      }, JSON.stringify(mark)),
    reset: () => void below.resetAndDestroy(),
  };
}

function readable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const event of ['readable', 'end', 'close']) socket.off(event, done);
      resolve();
    };
    const timer = setTimeout(done, 200);
    for (const event of ['readable', 'end', 'close']) socket.once(event, done);
  });
}
