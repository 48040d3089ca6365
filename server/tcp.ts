import { createServer, type Socket } from 'node:net';
import { closed, type ListensOn, listenOn } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { findCloseReason, type Held, type Listener, type ListenerContext } from './listener.ts';
import { endLate, watchHandshakes } from './secured-socket.ts';

/**
 * Raw TCP that sends back what it gets. Listeners are made once here and shared by all connections; a connection has
 * nothing of its own but its socket.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenTcp(context: ListenerContext, at: ListensOn): Promise<Listener> {
  const { options, gate, queues, secure } = context;
  const census = newCensus();
  /** Over TLS alone: a plain connection is open once it is accepted. */
  const handshaking = new Set<Socket>();
  const open = new Set<Socket>();
  let stopping = false;

  function onConnection(raw: Socket): void {
    census.accepted++;
    if (!gate.enter()) {
      census.closed['over-limit']++;
      // Closes the descriptor before the next connection is accepted. With a hello unread that would be a reset.
      if (secure) gate.dismiss(raw, '');
      else raw.destroy();
      return;
    }
    if (secure) {
      const socket = secure(raw, onSecured);
      census.handshaking++;
      handshaking.add(socket);
      socket.on('close', onClose);
    } else {
      begin(raw);
      raw.on('close', onClose);
    }
  }

  function onSecured(this: Socket): void {
    handshaking.delete(this);
    census.handshaking--;
    begin(this);
  }

  function begin(socket: Socket): void {
    census.open++;
    open.add(socket);
    socket.on('data', onData);
    socket.on('error', onError);
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
    if (open.delete(this)) census.open--;
    else if (handshaking.delete(this)) census.handshaking--;
    queues.forget(this);
    gate.leave();
    census.closed[queues.hasEnded(this) ? 'slow-reader' : stopping ? 'shutdown' : findCloseReason(this)]++;
  }

  const server = createServer({ noDelay: true }, onConnection);
  if (secure) watchHandshakes(server, handshaking, options.handshakeTimeoutMs, endLate);
  const port = await listenOn(server, at, options.backlog);
  return {
    port,
    census,
    *held(): Iterable<Held> {
      for (const transport of open) yield { queuedBytes: transport.writableLength, transport };
    },
    async close(graceMs) {
      stopping = true;
      for (const socket of handshaking) socket.destroy();
      for (const socket of open) socket.end().resume();
      await closed(server, graceMs, () => {
        for (const socket of open) socket.destroy();
      });
    },
  };
}

/** `close` follows and counts it. */
function onError(): void {}
