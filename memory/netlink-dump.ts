import { constants, endianness } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Missing } from './meter.ts';
import { loadNetlink, type Netlink } from './netlink.ts';

/** Lists of sockets by netlink (linux/sock_diag.h), of whatever family. All numbers are in the machine's own order. */
export const LITTLE = endianness() === 'LE';
/** `struct nlmsghdr` and `nlattr`. */
export const MESSAGE_HEAD_BYTES = 16;
export const ATTRIBUTE_BYTES = 4;

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** One message of a dump is no longer than 32 KiB. */
const RECEIVE_BYTES = 1 << 16;
/** How long other work of this thread may have to wait. */
const TURN_MS = 10;

/** Why netlink can't be asked here, in words; nothing as long as nothing was refused. One kind of sockets may be, and another not. */
const refusals = new Map<SocketKind, string>();
type SocketKind = 'tcp' | 'unix';

/** A request for a list, with its head filled in. @param bodyBytes what follows the head */
export function diagRequest(bodyBytes: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(MESSAGE_HEAD_BYTES + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LITTLE);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, LITTLE);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, LITTLE);
  return { bytes, view };
}

/**
 * Asks for a list and has it read. This thread's other work has its turns meanwhile.
 *
 * @param kind of the sockets
 * @param mayLack a kernel without such sockets has an empty list
 * @returns whether the list is whole; where not, it changed under way: list again
 * @throws Missing where there is no such thing: no Linux, no koffi, a kernel or a sandbox without it
 */
export async function dump(
  kind: SocketKind,
  request: Uint8Array,
  reader: DumpReader,
  { mayLack = false }: { readonly mayLack?: boolean } = {},
): Promise<boolean> {
  const netlink = await load(kind);
  const fd = netlink.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) throw failed(kind, netlink, 'socket');
  try {
    if (netlink.send(fd, request, request.length, 0) < 0) throw failed(kind, netlink, 'send');
    for (let turnAtMs = performance.now(); !reader.isDone; ) {
      // The kernel goes on with the list whenever some of it is taken: this waits for nothing.
      const length = netlink.recv(fd, reader.buffer, reader.buffer.length, 0);
      if (length < 0 && netlink.errno() === constants.errno.EINTR) continue;
      if (length <= 0) throw failed(kind, netlink, 'recv');
      reader.read(length);
      if (performance.now() - turnAtMs < TURN_MS) continue;
      await nextTurn();
      turnAtMs = performance.now();
    }
    if (reader.errno === constants.errno.ENOENT && mayLack) return true;
    if (reader.errno !== 0) throw refused(kind, `error ${reader.errno}`);
    return reader.isWhole;
  } finally {
    netlink.close(fd);
  }
}

async function load(kind: SocketKind): Promise<Netlink> {
  const refusal = refusals.get(kind);
  if (refusal !== undefined) throw new Missing(refusal);
  try {
    return await loadNetlink();
  } catch (error) {
    throw refused(kind, error instanceof Error ? error.message.split('\n')[0]! : String(error));
  }
}

/** It won't be tried again: what isn't here doesn't come. */
function refused(kind: SocketKind, why: string): Missing {
  const refusal = `sockets can't be asked for by netlink: ${why}`;
  refusals.set(kind, refusal);
  return new Missing(refusal);
}

function failed(kind: SocketKind, netlink: Netlink, call: string): Missing {
  const errno = netlink.errno();
  const why = `${call}: error ${errno}`;
  // No descriptor or memory now may be different the next time.
  return MAY_PASS.has(errno) ? new Missing(`sockets can't be asked for by netlink now: ${why}`) : refused(kind, why);
}

const MAY_PASS: ReadonlySet<number> = new Set([
  constants.errno.EMFILE,
  constants.errno.ENFILE,
  constants.errno.ENOMEM,
  constants.errno.ENOBUFS,
]);

/** Reads messages in the place where they were received. */
export abstract class DumpReader {
  isDone = false;
  isWhole = true;
  /** Why the kernel broke off; 0: it did not. */
  errno = 0;
  readonly buffer = new Uint8Array(RECEIVE_BYTES);
  protected readonly view = new DataView(this.buffer.buffer);
  /** The message at hand, without its head. */
  protected at = 0;
  protected end = 0;

  protected abstract onMessage(): void;

  read(length: number): void {
    const { view } = this;
    for (let start = 0; start + MESSAGE_HEAD_BYTES <= length; ) {
      const bytes = view.getUint32(start, LITTLE);
      const type = view.getUint16(start + 4, LITTLE);
      if ((view.getUint16(start + 6, LITTLE) & NLM_F_DUMP_INTR) !== 0) this.isWhole = false;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        this.isDone = true;
        if (bytes > MESSAGE_HEAD_BYTES) this.errno = -view.getInt32(start + MESSAGE_HEAD_BYTES, LITTLE);
        return;
      }
      if (bytes < MESSAGE_HEAD_BYTES) throw new Error('a message of netlink without a head');
      this.at = start + MESSAGE_HEAD_BYTES;
      this.end = start + bytes;
      if (type === SOCK_DIAG_BY_FAMILY) this.onMessage();
      start += aligned(bytes);
    }
  }

  /**
   * Where the value of an attribute begins.
   *
   * @param headBytes of the message, before its attributes
   * @returns −1: it has none such
   */
  protected attribute(headBytes: number, type: number): number {
    const { view } = this;
    for (let at = this.at + headBytes; at + ATTRIBUTE_BYTES <= this.end; ) {
      const bytes = view.getUint16(at, LITTLE);
      if (view.getUint16(at + 2, LITTLE) === type) return at + ATTRIBUTE_BYTES;
      if (bytes < ATTRIBUTE_BYTES) return -1;
      at += aligned(bytes);
    }
    return -1;
  }
}

/** To the next word of 4 bytes. */
const aligned = (bytes: number): number => (bytes + 3) & ~3;
