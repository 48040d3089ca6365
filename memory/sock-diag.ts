import { keepShapeOf } from './kept-shapes.ts';
import { ATTRIBUTE_BYTES, DumpReader, diagRequest, dump, LITTLE, MESSAGE_HEAD_BYTES } from './netlink-dump.ts';
import { portFilter } from './port-filter.ts';

/** States of a TCP socket, as the kernel numbers them. */
export const TCP_ESTABLISHED = 1;
/** Closed by its process: its FIN, or what comes before that, is not acknowledged yet. */
export const TCP_FIN_WAIT1 = 4;
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

/** What a socket waits for (`idiag_timer`). */
export const TCP_TIMERS = { none: 0, retransmission: 1, keepAlive: 2, timeWait: 3, windowProbe: 4 } as const;

export interface DiagSocket extends ListedSocket {
  /** One of {@link TCP_TIMERS}. */
  readonly timer: number;
  /** Segments sent again one after the other, or keep-alive probes, without an answer. */
  readonly retries: number;
  /** Until the timer, in ms. */
  readonly timerMs: number;
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
  /** One with such a port at the other end is none of them: of a connection within this machine one end is listed. */
  readonly isLocalPort?: boolean;
  /** Only in these states; undefined: in any. */
  readonly states?: readonly number[] | undefined;
}

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
  const ofIpv4 = await dumpFamily(AF_INET, query, visit);
  const ofIpv6 = await dumpFamily(AF_INET6, query, visit);
  return ofIpv4 && ofIpv6;
}

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const INET_DIAG_REQ_BYTECODE = 1;
const INET_DIAG_SKMEMINFO = 7;
/** `struct inet_diag_req_v2` and `inet_diag_msg`. */
const REQUEST_BYTES = 56;
const SOCKET_BYTES = 72;

function requestFor(family: number, { ports, isLocalPort = false, states }: DiagQuery): Uint8Array {
  const filter = ports === undefined ? new Uint8Array(0) : portFilter(ports, isLocalPort);
  const attributeBytes = filter.length === 0 ? 0 : ATTRIBUTE_BYTES + filter.length;
  const { bytes, view } = diagRequest(REQUEST_BYTES + attributeBytes);
  bytes[MESSAGE_HEAD_BYTES] = family;
  bytes[MESSAGE_HEAD_BYTES + 1] = IPPROTO_TCP;
  bytes[MESSAGE_HEAD_BYTES + 2] = 1 << (INET_DIAG_SKMEMINFO - 1);
  view.setUint32(MESSAGE_HEAD_BYTES + 4, maskOf(states), LITTLE);
  if (filter.length > 0) {
    view.setUint16(MESSAGE_HEAD_BYTES + REQUEST_BYTES, attributeBytes, LITTLE);
    view.setUint16(MESSAGE_HEAD_BYTES + REQUEST_BYTES + 2, INET_DIAG_REQ_BYTECODE, LITTLE);
    bytes.set(filter, MESSAGE_HEAD_BYTES + REQUEST_BYTES + ATTRIBUTE_BYTES);
  }
  return bytes;
}

function maskOf(states: readonly number[] | undefined): number {
  if (states === undefined) return EVERY_STATE;
  const mask = states.reduce((bits, state) => bits | (1 << state), 0);
  return states.includes(TCP_SYN_RECV) ? mask | (1 << TCP_NEW_SYN_RECV) : mask;
}

/** @returns whether it is whole */
async function dumpFamily(family: number, query: DiagQuery, visit: (socket: DiagSocket) => void): Promise<boolean> {
  const reader = new SocketReader(visit);
  keepShapeOf(reader);
  // A kernel without IPv6 has no such list.
  return dump('tcp', requestFor(family, query), reader, { mayLack: family === AF_INET6 });
}

/** Reads messages in the place where they were received. */
class SocketReader extends DumpReader implements DiagSocket {
  readonly #visit: (socket: DiagSocket) => void;

  constructor(visit: (socket: DiagSocket) => void) {
    super();
    this.#visit = visit;
  }

  protected override onMessage(): void {
    this.#visit(this);
  }

  get state(): number {
    return this.view.getUint8(this.at + 1);
  }
  get localPort(): number {
    return this.view.getUint16(this.at + 4);
  }
  get remotePort(): number {
    return this.view.getUint16(this.at + 6);
  }
  get localAddress(): number | string {
    return this.#addressAt(this.at + 8);
  }
  get remoteAddress(): number | string {
    return this.#addressAt(this.at + 24);
  }
  get timer(): number {
    return this.view.getUint8(this.at + 2);
  }
  get retries(): number {
    return this.view.getUint8(this.at + 3);
  }
  get timerMs(): number {
    return this.view.getUint32(this.at + 52, LITTLE);
  }
  get receiveQueue(): number {
    return this.view.getUint32(this.at + 56, LITTLE);
  }
  get sendQueue(): number {
    return this.view.getUint32(this.at + 60, LITTLE);
  }
  get inode(): number {
    return this.view.getUint32(this.at + 68, LITTLE);
  }

  memory(what: SocketMemory): number {
    const at = this.attribute(SOCKET_BYTES, INET_DIAG_SKMEMINFO);
    return at < 0 ? 0 : this.view.getUint32(at + 4 * what, LITTLE);
  }

  #addressAt(at: number): number | string {
    const { view } = this;
    if (view.getUint8(this.at) === AF_INET) return view.getUint32(at);
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
