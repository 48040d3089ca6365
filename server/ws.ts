import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { closed, type ListensOn, listenOn } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { guardDoor, requestTimeouts } from './http-admission.ts';
import { findCloseReason, type Held, type Listener, type ListenerContext } from './listener.ts';
import type { Member, RoomPlace } from './rooms.ts';
import { SecuredSocket } from './secured-socket.ts';

/** How long a peer may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2000;
const GOING_AWAY = 1001;
const NO_CLOSE_FRAME = 1006;
/** What may wait to be compressed before we stop reading from the peer. */
const MAX_COMPRESSING_BYTES = 64 * 1024;

/** `ws`'s own class with the two things we need to know of a connection, as fields of the same object. */
class ServerSocket extends WebSocket {
  transport: Socket | undefined = undefined;
  /** Why it is about to be closed, when we know before it happens. */
  reason: ServerCloseReason | undefined = undefined;
  /** What it says goes to the others in there, in place of back; undefined: it is in none. */
  room: RoomPlace | undefined = undefined;

  /**
   * `ws` answers a close frame through here. With that both have said goodbye, and RFC 6455 (7.1.1) has the server close
   * at once: the kernel sees to the rest, and nobody has to be woken for the peer's FIN.
   */
  override close(code?: number, data?: string | Buffer): void {
    // An answer repeats what the peer said, a code with its reason or neither; closes of our own have a code alone.
    const isAnswer = this.readyState === WebSocket.OPEN && (code === undefined) === (data === undefined);
    super.close(code, data);
    if (!isAnswer || !this.transport) return;
    // What waits to be compressed goes before our answer; `ws` closes behind it.
    if (this.bufferedAmount > this.transport.writableLength) return;
    // With the answer in the kernel's hands nothing is lost by closing; the FIN goes out behind it. TLS says goodbye, too.
    const isDone = this.transport.writableLength === 0 && !(this.transport instanceof SecuredSocket);
    if (isDone) this.transport.destroy();
    else this.transport.destroySoon();
  }
}

/**
 * WebSocket on node:http and `ws`, sending back what it gets. Listeners are made once here and shared by all
 * connections; `ws`'s own per-connection closures (client tracking, automatic pong) are off and done here instead.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenWs(context: ListenerContext, at: ListensOn): Promise<Listener> {
  const { options, gate, queues, rooms, secure } = context;
  const { handshakeTimeoutMs } = options;
  const census = newCensus();
  const handshaking = new Set<Socket>();
  const open = new Set<ServerSocket>();
  /** Why a handshake failed; only for those that did, and the first cause wins. */
  const failed = new WeakMap<Socket, ServerCloseReason>();
  let stopping = false;

  const wsOptions = {
    noServer: true,
    WebSocket: ServerSocket,
    clientTracking: false,
    autoPong: false,
    maxPayload: options.maxPayloadBytes,
    perMessageDeflate: options.perMessageDeflate,
    // Known to `ws` since 8.19, not to its types yet.
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const wss = new WebSocketServer<typeof ServerSocket>(wsOptions);

  function onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // `ws` calls back synchronously, or has answered the request with an HTTP error itself.
    wss.handleUpgrade(request, socket, head, onOpen);
    if (handshaking.has(socket) && !failed.has(socket) && socket.writableEnded) failed.set(socket, 'bad-handshake');
  }

  function onOpen(ws: ServerSocket, { socket, url }: IncomingMessage): void {
    socket.removeListener('close', onHandshakeClose);
    handshaking.delete(socket);
    census.handshaking--;
    census.open++;
    open.add(ws);
    ws.transport = socket;
    ws.room = rooms.joinBy(url, tellRoom(ws));
    ws.on('message', onMessage);
    ws.on('ping', onPing);
    ws.on('error', onError);
    ws.on('close', onClose);
  }

  /** One frame does for all whose messages aren't compressed. */
  const tellRoom =
    (ws: ServerSocket): Member =>
    ({ data, isText, frame }) => {
      if (ws.readyState !== WebSocket.OPEN || ws.transport === undefined) return;
      if (ws.extensions === '') ws.transport.write(frame());
      else ws.send(data, { binary: !isText });
      census.bytesOut += data.length;
      watch(ws, data);
    };

  function onMessage(this: WebSocket, data: Buffer, binary: boolean): void {
    census.bytesIn += data.length;
    const { room } = this as ServerSocket;
    if (room) {
      room.say(data, !binary);
      return;
    }
    census.bytesOut += data.length;
    if (takes(this)) {
      this.send(data, { binary });
    } else {
      // Only a peer that doesn't read costs a closure.
      this.pause();
      this.send(data, { binary }, () => this.resume());
    }
    watch(this, data);
  }

  function onPing(this: WebSocket, data: Buffer): void {
    if (takes(this)) {
      this.pong(data);
    } else {
      this.pause();
      this.pong(data, false, () => this.resume());
    }
    watch(this, data);
  }

  function watch(ws: WebSocket, { length }: Buffer): void {
    const { transport } = ws as ServerSocket;
    if (transport && ws.bufferedAmount > 0) queues.wrote(transport, ws, length);
  }

  function onClose(this: WebSocket, code: number): void {
    const ws = this as ServerSocket;
    open.delete(ws);
    ws.room?.leave();
    if (ws.transport) {
      queues.forget(ws.transport);
      if (queues.hasEnded(ws.transport)) ws.reason ??= 'slow-reader';
    }
    gate.leave();
    census.open--;
    census.closed[ws.reason ?? (code === NO_CLOSE_FRAME && ws.transport ? findCloseReason(ws.transport) : 'by-peer')]++;
  }

  function onHandshakeClose(this: Socket): void {
    handshaking.delete(this);
    gate.leave();
    census.handshaking--;
    census.closed[failed.get(this) ?? (stopping ? 'shutdown' : findCloseReason(this))]++;
  }

  const server = createServer(requestTimeouts(handshakeTimeoutMs));
  server.on('upgrade', onUpgrade);
  // Once open, `ws` reads what comes.
  const isOpen = (): boolean => false;
  const entering = { census, handshaking, reasons: failed, isOpen, onClose: onHandshakeClose };
  const reject = guardDoor(server, { gate, secure, handshakeTimeoutMs, ...entering });
  server.on('request', ({ socket }: IncomingMessage) => reject(socket, 'bad-handshake', 426));

  const port = await listenOn(server, at, options.backlog);
  return {
    port,
    census,
    *held(): Iterable<Held> {
      for (const ws of open) if (ws.transport) yield { queuedBytes: ws.bufferedAmount, transport: ws.transport };
    },
    async close(graceMs) {
      stopping = true;
      for (const socket of handshaking) socket.destroy();
      for (const ws of open) {
        ws.reason ??= 'shutdown';
        // A peer we had stopped reading from couldn't be heard to answer.
        ws.resume();
        ws.close(GOING_AWAY);
      }
      await closed(server, graceMs, () => {
        for (const ws of open) ws.terminate();
      });
    },
  };
}

/** Whether the peer takes what it is sent, and we compress as fast as it comes. */
const takes = (ws: WebSocket): boolean =>
  (ws as ServerSocket).transport?.writableLength === 0 && ws.bufferedAmount < MAX_COMPRESSING_BYTES;

/** `ws` has sent the close frame that fits; `close` follows. */
function onError(this: WebSocket, error: NodeJS.ErrnoException): void {
  const tooLarge =
    error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || error.code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS';
  (this as ServerSocket).reason ??= tooLarge ? 'too-large' : 'protocol-error';
}
