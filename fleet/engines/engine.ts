import type { Outcome } from '../../core/values/outcomes.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { TransportCounts } from '../transports/transport.ts';
import type { LocalEnd } from './local-end.ts';

/**
 * How sockets are driven. An engine knows nothing of protocols, plans or counts; it turns `open`, `write`, `finish`
 * and `abort` on slots into sockets, and tells what happened. Slots are given by the caller, who never reuses one
 * before its {@link EngineEvents.onGone}.
 */
export interface Engine {
  readonly name: 'node' | 'epoll' | 'uring';
  /** What an engine that secures its connections has counted; others have none. */
  readonly tls?: EngineTls;
  /** Begins to connect. Never throws for what happens to the connection: that arrives as `onGone`, perhaps at once. */
  open(slot: Slot, destination: Destination, sourceIp: string | undefined): void;
  /**
   * Sends bytes in order; what the socket doesn't take now is copied and sent later. Ignored when the slot is gone and
   * after `finish`.
   *
   * @param replaces of such writes that wait one behind the other only the last is sent, like pongs
   * @returns false when more would wait than the bounds allow: a part is missing then, and all that is left is to abort
   */
  write(slot: Slot, bytes: Uint8Array, replaces?: boolean): boolean;
  /** Whether a part of what was written waits for the socket to take it. */
  isQueued(slot: Slot): boolean;
  /** Sends FIN after everything written; `onGone` follows when the peer has closed too. */
  finish(slot: Slot): void;
  /**
   * Drops the connection now; `onGone` follows with cause `aborted`. The peer sees a reset; at a Unix socket, which has none,
   * it sees the end, or a reset where something of its own was not read.
   */
  abort(slot: Slot): void;
  /**
   * After `finish`: waits no longer for the peer to close. What was sent still arrives, FIN last, and the peer sees no
   * reset unless it goes on talking; `onGone` follows with cause `aborted`.
   */
  leave(slot: Slot): void;
  /**
   * Reads no more of it: what comes stays with the kernel, which holds the peer back once its buffer is full. Nothing is told of
   * the connection until it is resumed but its end by an error, and that no earlier than the system says so. `finish` resumes it.
   */
  pauseReading(slot: Slot): void;
  /** Goes on with what has come meanwhile. Without a pause nothing happens. */
  resumeReading(slot: Slot): void;
  /** The descriptor of its socket, for calls that no engine makes by itself; −1 where there is none. */
  descriptorOf(slot: Slot): number;
  /**
   * Reads of a paused connection what has come, at most so much, and pauses again. An engine that reads more at once takes that out of
   * what it may read the next time.
   */
  readSome(slot: Slot, mostBytes: number): void;
  /** Our end of an open connection; undefined where it has no address. Asks the system: not for hot paths. */
  localEnd(slot: Slot): LocalEnd | undefined;
  /**
   * Lets sockets happen: handles what is ready, waiting for it at most `maxWaitMs`. Events are called from within. A turn
   * is short whatever peers send: a socket with more to read gets a part of it, and the rest in turns that follow.
   *
   * @param gatherMs where the last turn found something, more is let come for so long, so that there are fewer turns; an engine may
   * leave that
   * @returns undefined where it is over already: with thousands of turns a second, promises would be a part of what they take
   */
  turn(maxWaitMs: number, gatherMs?: number): Promise<void> | undefined;
  /** The sockets whose peers send without a pause, more than turns have time to read, and for how long they have. */
  forEachUnread(visit: (slot: Slot, forMs: number) => void): void;
  /** Aborts what is left and gives everything back; no events from then on. A second time it does nothing. */
  dispose(): Promise<void>;
}

/** What went through sockets, secured as it was, since the engine was made. */
export interface WireBytes {
  bytesIn: number;
  bytesOut: number;
}

/** What an engine that secures knows. */
export interface EngineTls {
  readonly counts: Readonly<TransportCounts>;
  readonly wire: Readonly<WireBytes>;
  /** For people, of a slot that isn't secured yet: what of the peer's answer has come. */
  cameSoFar(slot: Slot): string;
}

export interface Endpoint {
  /** An IP address, never a name: names are resolved once, before the run. */
  readonly ip: string;
  readonly port: number;
}

/** A Unix socket, which has one end and no ports: no source goes with it. */
export interface SocketEndpoint {
  /** Absolute, of at most 107 bytes. */
  readonly path: string;
}

export type Destination = Endpoint | SocketEndpoint;

export interface EngineEvents {
  /** TCP is established, or there was room in the backlog of a Unix socket. */
  onConnected(slot: Slot): void;
  /** Bytes arrived; valid during the call only. */
  onBytes(slot: Slot, bytes: Uint8Array): void;
  /** The peer sent FIN: nothing more comes from it. Once at most, and always before `onGone` with cause `closed`. */
  onEnd(slot: Slot): void;
  /** The socket is closed and its descriptor returned. Exactly once for each `open`; nothing comes after it. */
  onGone(slot: Slot, cause: EndCause, detail: string): void;
}

/** What an engine that secures its connections says besides. */
export interface SecuredEngineEvents extends EngineEvents {
  /** TLS is established as well as TCP: bytes can be sent now, and not before. */
  onSecured(slot: Slot): void;
  /**
   * TLS failed, in its handshake or later; what the peer has to be told is on its way.
   *
   * @param outcome what an attempt that isn't open yet has come to
   * @param isStranger the peer speaks no TLS at all; else it is owed an orderly close
   */
  onSecureFailure(slot: Slot, outcome: Outcome, detail: string, isStranger: boolean): void;
}

/** What ended a socket; the first cause wins. */
export const END_CAUSES = [
  /** Both sides closed in order. */
  'closed',
  /** We dropped it. */
  'aborted',
  'refused',
  'reset',
  /** The kernel gave up: SYN or retransmission timeout. */
  'timed-out',
  'unreachable',
  'no-ports',
  'no-fds',
  'no-memory',
  'error',
] as const;
export type EndCause = (typeof END_CAUSES)[number];

/** At a Unix socket: no such file, no folder on the way, no leave to write to it, no stream socket. */
const SOCKET_REFUSALS = { ENOENT: 'refused', ENOTDIR: 'refused', EACCES: 'refused', EPROTOTYPE: 'refused' } as const;

/** System error codes that have a cause of their own; the rest is `error`. */
const CAUSE_OF: Readonly<Record<string, EndCause>> = {
  ECONNREFUSED: 'refused',
  ...SOCKET_REFUSALS,
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timed-out',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'no-ports',
  EADDRINUSE: 'no-ports',
  EAGAIN: 'no-ports',
  EMFILE: 'no-fds',
  ENFILE: 'no-fds',
  ENOBUFS: 'no-memory',
  ENOMEM: 'no-memory',
};
export const causeOf = (systemCode: string | undefined): EndCause => CAUSE_OF[systemCode ?? ''] ?? 'error';
