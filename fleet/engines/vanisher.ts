import { endianness } from 'node:os';
import koffi from 'koffi';
import { AF_INET, IPPROTO_TCP, loadLibc, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } from './libc.ts';

/** The two ends of a connection whose peer is gone, as the kernel's lists name them; see memory/sock-diag.ts. */
export interface VanishedEnds {
  /** A number for IPv4, also where IPv6 has it mapped; else 32 hexadecimal digits. */
  readonly ownAddress: number | string;
  readonly ownPort: number;
  readonly peerAddress: number | string;
  readonly peerPort: number;
}

/**
 * Has the kernel drop every segment that comes for a TCP socket from now on, before TCP sees it. So nothing is acknowledged, no
 * keep-alive probe is answered, and neither FIN nor RST arrives. Takes no privilege.
 *
 * @returns its ends; undefined while something that was sent is not acknowledged, since the kernel would go on sending that;
 *   else the system's word for why it can't be
 */
export type Vanish = (fd: number) => VanishedEnds | undefined | string;

/** `SO_ATTACH_FILTER`, `struct sock_filter` and its instruction `ret #0`: keep nothing (linux/filter.h). */
const SO_ATTACH_FILTER = 26;
const BPF_RET = 0x06;
const FILTER_BYTES = 8;
/** `struct sock_fprog`: how many instructions, and from the second word on where they are. */
const PROGRAM_WORDS = 4;
const POINTER_AT = 8;
/** `TCP_INFO`: at its byte 24 how many segments are not acknowledged. */
const TCP_INFO = 11;
const INFO_WORDS = 64;
const UNACKNOWLEDGED = 6;
const ADDRESS_BYTES = 28;
const LITTLE = endianness() === 'LE';

/** @throws when the system has none of that */
export function loadVanish(): Vanish {
  if (process.platform !== 'linux') throw new Error(`there is no socket filter on ${process.platform}`);
  const lib = koffi.load(null);
  const setOption = lib.func('int setsockopt(int, int, int, void *, uint32_t)');
  const getOption = lib.func('int getsockopt(int, int, int, void *, void *)');
  const ownName = lib.func('int getsockname(int, void *, void *)');
  const peerName = lib.func('int getpeername(int, void *, void *)');
  const program = dropEverything();
  const info = new Int32Array(INFO_WORDS);
  const address = new Uint8Array(ADDRESS_BYTES);
  const length = new Uint32Array(1);
  const failed = (call: string): string => `${call}: error ${koffi.errno()}`;
  return (fd) => {
    length[0] = info.byteLength;
    if (getOption(fd, IPPROTO_TCP, TCP_INFO, info, length) < 0) return failed('TCP_INFO');
    if (info[UNACKNOWLEDGED] !== 0) return undefined;
    length[0] = ADDRESS_BYTES;
    if (ownName(fd, address, length) < 0) return failed('getsockname');
    const own = readAddress(address);
    length[0] = ADDRESS_BYTES;
    if (peerName(fd, address, length) < 0) return failed('getpeername');
    const peer = readAddress(address);
    if (setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.byteLength) < 0) return failed('SO_ATTACH_FILTER');
    return { ownAddress: own.address, ownPort: own.port, peerAddress: peer.address, peerPort: peer.port };
  };
}

/** Why no connection can vanish here, in words; undefined when one can. Tries it on a socket that nobody else has. */
export function whyNoVanish(): string | undefined {
  try {
    const libc = loadLibc();
    loadVanish();
    const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return `socket: ${libc.errorName()}`;
    const program = dropEverything();
    const isTaken = libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.byteLength) >= 0;
    const why = isTaken ? undefined : `SO_ATTACH_FILTER: ${libc.errorName()}`;
    libc.close(fd);
    return why;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
}

/** One for all sockets, and for good: the kernel copies it. */
function dropEverything(): Int32Array {
  const filter = koffi.alloc('uint8_t', FILTER_BYTES);
  koffi.encode(filter, 'uint16_t', BPF_RET);
  const program = new Int32Array(PROGRAM_WORDS);
  const view = new DataView(program.buffer);
  view.setUint16(0, 1, LITTLE);
  view.setBigUint64(POINTER_AT, koffi.address(filter), LITTLE);
  return program;
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function readAddress(bytes: Uint8Array): { readonly address: number | string; readonly port: number } {
  const view = new DataView(bytes.buffer);
  const port = view.getUint16(2);
  if (view.getUint16(0, LITTLE) === AF_INET) return { address: view.getUint32(4), port };
  if (view.getUint32(8) === 0 && view.getUint32(12) === 0 && view.getUint32(16) === 0xffff) {
    return { address: view.getUint32(20), port };
  }
  return { address: Buffer.from(bytes.subarray(8, 24)).toString('hex'), port };
}
