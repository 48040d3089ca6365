import { createServer, type Socket } from 'node:net';
import { closed, listen } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { findCloseReason, type Held, type Listener, type ListenerContext } from './listener.ts';

/**
 * Raw TCP that sends back what it gets. Listeners are made once here and shared by all connections; a connection has
 * nothing of its own but its socket.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenTcp({ options, gate, queues }: ListenerContext, wantedPort: number): Promise<Listener> {
  const census = newCensus();
  const sockets = new Set<Socket>();
  let stopping = false;

  function onConnection(socket: Socket): void {
    census.accepted++;
    if (!gate.enter()) {
      census.closed['over-limit']++;
      // Closes the descriptor before the next connection is accepted.
      socket.destroy();
      return;
    }
    census.open++;
    sockets.add(socket);
    socket.on('data', onData);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  function onData(this: Socket, chunk: Buffer): void {
    census.bytesIn += chunk.length;
    census.bytesOut += chunk.length;
    if (this.writableLength === 0) {
      this.write(chunk);
    } else {
      // Only a peer that doesn't read costs a closure.
      this.pause();
      this.write(chunk, () => this.resume());
    }
    if (this.writableLength > 0) queues.wrote(this, this, chunk.length);
  }

  function onClose(this: Socket): void {
    sockets.delete(this);
    queues.forget(this);
    gate.leave();
    census.open--;
    census.closed[queues.hasEnded(this) ? 'slow-reader' : stopping ? 'shutdown' : findCloseReason(this)]++;
  }

  const server = createServer({ noDelay: true }, onConnection);
  const port = await listen(server, options.host, wantedPort, options.backlog);
  return {
    port,
    census,
    *held(): Iterable<Held> {
      for (const transport of sockets) yield { queuedBytes: transport.writableLength, transport };
    },
    async close(graceMs) {
      stopping = true;
      for (const socket of sockets) socket.end().resume();
      await closed(server, graceMs, () => {
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

/** `close` follows and counts it. */
function onError(): void {}
