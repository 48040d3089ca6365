import { keepShapeOf } from './kept-shapes.ts';
import { ATTRIBUTE_BYTES, DumpReader, diagRequest, dump, LITTLE, MESSAGE_HEAD_BYTES } from './netlink-dump.ts';

/** States of a Unix socket, as the kernel numbers them: those of TCP. */
export const UNIX_ESTABLISHED = 1;
export const UNIX_LISTEN = 10;

/** The Unix socket at hand; the next one overwrites it. */
export interface UnixSocket {
  readonly state: number;
  readonly inode: number;
  /** The number of the socket at the other end; 0: that one has been closed, or nobody has accepted it. */
  readonly peerInode: number;
  /** What it is bound to, for an accepted end what its listener is bound to, as that process wrote it; empty without. */
  readonly path: string;
  /** The low 32 bits of the number of the file that it is bound to; 0 without one. */
  readonly fileInode: number;
  /** Bytes not read yet; of a listener the connections that wait to be accepted. */
  readonly receiveQueue: number;
  /** What it has sent and its peer has not read, with the buffers it lies in, in bytes; of a listener its backlog. */
  readonly sendQueue: number;
}

/**
 * Unix stream sockets of our network namespace (linux/unix_diag.h). Takes no privilege.
 *
 * @param states only in these, which the kernel chooses by
 * @param visit what it is given holds for the call only
 * @returns whether the list is whole; where not, it changed under way: list again
 * @throws Missing where netlink can't be asked
 */
export function listUnixSockets(states: readonly number[], visit: (socket: UnixSocket) => void): Promise<boolean> {
  const reader = new UnixReader(visit);
  keepShapeOf(reader);
  return dump('unix', requestFor(states), reader);
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** `struct unix_diag_req` and `unix_diag_msg`. */
const REQUEST_BYTES = 24;
const SOCKET_BYTES = 16;
const SHOW_NAME = 0x1;
const SHOW_VFS = 0x2;
const SHOW_PEER = 0x4;
const SHOW_RQLEN = 0x10;
const UNIX_DIAG_NAME = 0;
const UNIX_DIAG_VFS = 1;
const UNIX_DIAG_PEER = 2;
const UNIX_DIAG_RQLEN = 4;

function requestFor(states: readonly number[]): Uint8Array {
  const { bytes, view } = diagRequest(REQUEST_BYTES);
  bytes[MESSAGE_HEAD_BYTES] = AF_UNIX;
  const mask = states.reduce((bits, state) => bits | (1 << state), 0);
  view.setUint32(MESSAGE_HEAD_BYTES + 4, mask, LITTLE);
  view.setUint32(MESSAGE_HEAD_BYTES + 12, SHOW_NAME | SHOW_VFS | SHOW_PEER | SHOW_RQLEN, LITTLE);
  return bytes;
}

class UnixReader extends DumpReader implements UnixSocket {
  readonly #visit: (socket: UnixSocket) => void;

  constructor(visit: (socket: UnixSocket) => void) {
    super();
    this.#visit = visit;
  }

  protected override onMessage(): void {
    if (this.view.getUint8(this.at + 1) === SOCK_STREAM) this.#visit(this);
  }

  get state(): number {
    return this.view.getUint8(this.at + 2);
  }
  get inode(): number {
    return this.view.getUint32(this.at + 4, LITTLE);
  }
  get peerInode(): number {
    return this.#word(UNIX_DIAG_PEER, 0);
  }
  get fileInode(): number {
    return this.#word(UNIX_DIAG_VFS, 0);
  }
  get receiveQueue(): number {
    return this.#word(UNIX_DIAG_RQLEN, 0);
  }
  get sendQueue(): number {
    return this.#word(UNIX_DIAG_RQLEN, 4);
  }
  get path(): string {
    const at = this.attribute(SOCKET_BYTES, UNIX_DIAG_NAME);
    if (at < 0) return '';
    const bytes = this.view.getUint16(at - ATTRIBUTE_BYTES, LITTLE) - ATTRIBUTE_BYTES;
    return Buffer.from(this.buffer.buffer, at, bytes).toString().replace(/\0+$/, '');
  }

  #word(attribute: number, offset: number): number {
    const at = this.attribute(SOCKET_BYTES, attribute);
    return at < 0 ? 0 : this.view.getUint32(at + offset, LITTLE);
  }
}
