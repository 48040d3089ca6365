import { constants, endianness } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { keepShapeOf } from './kept-shapes.ts';
import { Missing } from './meter.ts';
import { loadNetlink, type Netlink } from './netlink.ts';
import { portFilter } from './port-filter.ts';

/** States of a TCP socket, as the kernel numbers them. */
export const TCP_ESTABLISHED = 1;
/** At a listener: asked for, and not complete yet. */
export const TCP_SYN_RECV = 3;
export const TCP_TIME_WAIT = 6;
export const TCP_LISTEN = 10;
/** How the kernel keeps requests; it lists them as {@link TCP_SYN_RECV}. */
const TCP_NEW_SYN_RECV = 12;
const EVERY_STATE = 0x1fff;

/** The socket at hand; the next one overwrites it. */
export interface ListedSocket {
  readonly state: number;
  readonly localPort: number;
  readonly remotePort: number;
  /**
   * A number for IPv4, also where a socket of IPv6 has it mapped (::ffff:127.0.0.1), so that both ends of a connection have
   * the same; else 32 hexadecimal digits.
   */
  readonly localAddress: number | string;
  readonly remoteAddress: number | string;
  /** 0: no process has it. It waits in an accept queue, is a request, or has been closed. */
  readonly inode: number;
  /** Bytes not read yet; of a listener the connections that wait to be accepted. */
  readonly receiveQueue: number;
  /** Bytes not acknowledged yet; of a listener its backlog (0 in the text of /proc/net/tcp). */
  readonly sendQueue: number;
}

export interface DiagSocket extends ListedSocket {
  /** What the kernel counts for the socket's buffers, in bytes; 0 for requests and TIME_WAIT, which have none. */
  memory(what: SocketMemory): number;
}

/** Places in SKMEMINFO (linux/sock_diag.h). Sizes are truesize: a buffer with its head and all that it takes. */
export const SOCKET_MEMORY = {
  /** Received, and not read yet. */
  received: 0,
  receiveLimit: 1,
  /** Given to the device, and not freed yet. */
  inFlight: 2,
  sendLimit: 3,
  /** Reserved for the socket, and not in use. */
  forward: 4,
  /** Written, and not acknowledged yet. */
  written: 5,
  /** Received while a process had the socket locked. */
  backlog: 7,
  /** Packets dropped, ever: a number. */
  drops: 8,
} as const;
export type SocketMemory = (typeof SOCKET_MEMORY)[keyof typeof SOCKET_MEMORY];

export interface DiagQuery {
  /** Only with one of these as local or remote port; undefined: all. The kernel chooses: others take a tenth of a µs. */
  readonly ports?: readonly number[] | undefined;
  /** Only in these states; undefined: in any. */
  readonly states?: readonly number[] | undefined;
}

/** Why netlink can't be asked here, in words; undefined as long as nothing was refused. */
let refusal: string | undefined;

/**
 * TCP sockets of our network namespace, as the kernel lists them by netlink (linux/inet_diag.h): in a tenth of the time of
 * /proc/net/tcp, and without those that aren't asked for. Takes no privilege. This thread's other work has its turns
 * meanwhile.
 *
 * @param visit what it is given holds for the call only
 * @returns whether the list is whole; where not, it changed under way: list again
 * @throws Missing where there is no such thing: no Linux, no koffi, a kernel or a sandbox without it
 */
export async function listSockets(query: DiagQuery, visit: (socket: DiagSocket) => void): Promise<boolean> {
  if (refusal !== undefined) throw new Missing(refusal);
  let netlink: Netlink;
  try {
    netlink = await loadNetlink();
  } catch (error) {
    throw refused(error instanceof Error ? error.message.split('\n')[0]! : String(error));
  }
  const ofIpv4 = await dump(netlink, AF_INET, query, visit);
  const ofIpv6 = await dump(netlink, AF_INET6, query, visit);
  return ofIpv4 && ofIpv6;
}

/** It won't be tried again: what isn't here doesn't come. */
function refused(why: string): Missing {
  refusal = `sockets can't be asked for by netlink: ${why}`;
  return new Missing(refusal);
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const IPPROTO_TCP = 6;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const INET_DIAG_REQ_BYTECODE = 1;
const INET_DIAG_SKMEMINFO = 7;
/** `struct nlmsghdr`, `inet_diag_req_v2`, `inet_diag_msg`, `nlattr`. */
const HEADER_BYTES = 16;
const REQUEST_BYTES = 56;
const SOCKET_BYTES = 72;
const ATTRIBUTE_BYTES = 4;
/** All in the machine's own order, but for ports and addresses. */
const LITTLE = endianness() === 'LE';

/** One message of a dump is no longer than 32 KiB. */
const RECEIVE_BYTES = 1 << 16;
/** How long other work of this thread may have to wait. */
const TURN_MS = 10;

function requestFor(family: number, { ports, states }: DiagQuery): Uint8Array {
  const filter = ports === undefined ? new Uint8Array(0) : portFilter(ports);
  const attributeBytes = filter.length === 0 ? 0 : ATTRIBUTE_BYTES + filter.length;
  const bytes = new Uint8Array(HEADER_BYTES + REQUEST_BYTES + attributeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LITTLE);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, LITTLE);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, LITTLE);
  bytes[HEADER_BYTES] = family;
  bytes[HEADER_BYTES + 1] = IPPROTO_TCP;
  bytes[HEADER_BYTES + 2] = 1 << (INET_DIAG_SKMEMINFO - 1);
  view.setUint32(HEADER_BYTES + 4, maskOf(states), LITTLE);
  if (filter.length > 0) {
    view.setUint16(HEADER_BYTES + REQUEST_BYTES, attributeBytes, LITTLE);
    view.setUint16(HEADER_BYTES + REQUEST_BYTES + 2, INET_DIAG_REQ_BYTECODE, LITTLE);
    bytes.set(filter, HEADER_BYTES + REQUEST_BYTES + ATTRIBUTE_BYTES);
  }
  return bytes;
}

function maskOf(states: readonly number[] | undefined): number {
  if (states === undefined) return EVERY_STATE;
  const mask = states.reduce((bits, state) => bits | (1 << state), 0);
  return states.includes(TCP_SYN_RECV) ? mask | (1 << TCP_NEW_SYN_RECV) : mask;
}

/** @returns whether it is whole */
async function dump(
  netlink: Netlink,
  family: number,
  query: DiagQuery,
  visit: (socket: DiagSocket) => void,
): Promise<boolean> {
  const request = requestFor(family, query);
  const fd = netlink.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) throw failed(netlink, 'socket');
  try {
    if (netlink.send(fd, request, request.length, 0) < 0) throw failed(netlink, 'send');
    const buffer = new Uint8Array(RECEIVE_BYTES);
    const reader = new DumpReader(buffer, visit);
    keepShapeOf(reader);
    for (let turnAtMs = performance.now(); !reader.isDone; ) {
      // The kernel goes on with the list whenever some of it is taken: this waits for nothing.
      const length = netlink.recv(fd, buffer, buffer.length, 0);
      if (length < 0 && netlink.errno() === constants.errno.EINTR) continue;
      if (length <= 0) throw failed(netlink, 'recv');
      reader.read(length);
      if (performance.now() - turnAtMs < TURN_MS) continue;
      await nextTurn();
      turnAtMs = performance.now();
    }
    // A kernel without IPv6 has no such list.
    if (reader.errno === constants.errno.ENOENT && family === AF_INET6) return true;
    if (reader.errno !== 0) throw refused(`error ${reader.errno}`);
    return reader.isWhole;
  } finally {
    netlink.close(fd);
  }
}

function failed(netlink: Netlink, call: string): Missing {
  const errno = netlink.errno();
  const why = `${call}: error ${errno}`;
  // No descriptor or memory now may be different the next time.
  return MAY_PASS.has(errno) ? new Missing(`sockets can't be asked for by netlink now: ${why}`) : refused(why);
}

const MAY_PASS: ReadonlySet<number> = new Set([
  constants.errno.EMFILE,
  constants.errno.ENFILE,
  constants.errno.ENOMEM,
  constants.errno.ENOBUFS,
]);

/** Reads messages in the place where they were received. */
class DumpReader implements DiagSocket {
  isDone = false;
  isWhole = true;
  /** Why the kernel broke off; 0: it did not. */
  errno = 0;
  readonly #view: DataView;
  readonly #visit: (socket: DiagSocket) => void;
  #at = 0;
  #end = 0;

  constructor(buffer: Uint8Array, visit: (socket: DiagSocket) => void) {
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#visit = visit;
  }

  read(length: number): void {
    const view = this.#view;
    for (let start = 0; start + HEADER_BYTES <= length; ) {
      const bytes = view.getUint32(start, LITTLE);
      const type = view.getUint16(start + 4, LITTLE);
      if ((view.getUint16(start + 6, LITTLE) & NLM_F_DUMP_INTR) !== 0) this.isWhole = false;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        this.isDone = true;
        if (bytes > HEADER_BYTES) this.errno = -view.getInt32(start + HEADER_BYTES, LITTLE);
        return;
      }
      if (bytes < HEADER_BYTES) throw new Error('a message of netlink without a head');
      this.#at = start + HEADER_BYTES;
      this.#end = start + bytes;
      if (type === SOCK_DIAG_BY_FAMILY) this.#visit(this);
      start += aligned(bytes);
    }
  }

  get state(): number {
    return this.#view.getUint8(this.#at + 1);
  }
  get localPort(): number {
    return this.#view.getUint16(this.#at + 4);
  }
  get remotePort(): number {
    return this.#view.getUint16(this.#at + 6);
  }
  get localAddress(): number | string {
    return this.#addressAt(this.#at + 8);
  }
  get remoteAddress(): number | string {
    return this.#addressAt(this.#at + 24);
  }
  get receiveQueue(): number {
    return this.#view.getUint32(this.#at + 56, LITTLE);
  }
  get sendQueue(): number {
    return this.#view.getUint32(this.#at + 60, LITTLE);
  }
  get inode(): number {
    return this.#view.getUint32(this.#at + 68, LITTLE);
  }

  memory(what: SocketMemory): number {
    const view = this.#view;
    for (let at = this.#at + SOCKET_BYTES; at + ATTRIBUTE_BYTES <= this.#end; ) {
      const bytes = view.getUint16(at, LITTLE);
      if (view.getUint16(at + 2, LITTLE) === INET_DIAG_SKMEMINFO) {
        return view.getUint32(at + ATTRIBUTE_BYTES + 4 * what, LITTLE);
      }
      if (bytes < ATTRIBUTE_BYTES) return 0;
      at += aligned(bytes);
    }
    return 0;
  }

  #addressAt(at: number): number | string {
    const view = this.#view;
    if (view.getUint8(this.#at) === AF_INET) return view.getUint32(at);
    if (view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff) {
      return view.getUint32(at + 12);
    }
    let digits = '';
    for (let word = 0; word < 16; word += 4)
      digits += view
        .getUint32(at + word)
        .toString(16)
        .padStart(8, '0');
    return digits;
  }
}

/** To the next word of 4 bytes. */
const aligned = (bytes: number): number => (bytes + 3) & ~3;
