import { open } from 'node:fs/promises';
import { systemCodeOf } from './meter.ts';
import type { ListedSocket } from './sock-diag.ts';

const COLON = 0x3a;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const READ_BYTES = 1 << 16;
const IPV4_DIGITS = 8;
const IPV6_DIGITS = 32;
/** `:PORT ADDRESS:PORT ST TTTTTTTT:RRRRRRRR` after the local address, without the remote one. */
const AFTER_LOCAL = 32;
/** From `ST` to the end of `TTTTTTTT:RRRRRRRR TR:TMWHEN__ RETRNSMT`; user, timeout and inode come after it. */
const BEFORE_USER = 41;

/** Where the lists are. One that doesn't exist (no IPv6) is empty. */
export interface TcpTables {
  readonly tcp: string;
  readonly tcp6: string;
}

/** Reads the kernel's lists as text: 3 µs for each socket of the host, wherever netlink can't be asked. */
export async function readTcpTables({ tcp, tcp6 }: TcpTables, visit: (socket: ListedSocket) => void): Promise<void> {
  await readTable(tcp, IPV4_DIGITS, visit);
  await readTable(tcp6, IPV6_DIGITS, visit).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  });
}

/** Into one buffer, again and again: a list of a hundred thousand connections is 15 MB. */
async function readTable(path: string, addressDigits: number, visit: (socket: ListedSocket) => void): Promise<void> {
  const file = await open(path);
  try {
    const parser = new TcpTableParser(addressDigits, visit);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      parser.feed(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** The text of /proc/net/tcp or tcp6, fed in pieces cut anywhere. */
export class TcpTableParser {
  readonly #digits: number;
  readonly #visit: (socket: ListedSocket) => void;
  readonly #row = {
    state: 0,
    localPort: 0,
    remotePort: 0,
    localAddress: 0 as number | string,
    remoteAddress: 0 as number | string,
    inode: 0,
    receiveQueue: 0,
    sendQueue: 0,
  };
  #rest: Buffer = Buffer.alloc(0);

  /**
   * @param addressDigits hexadecimal digits of an address: 8 for IPv4, 32 for IPv6
   * @param visit what it is given holds for the call only
   */
  constructor(addressDigits: number, visit: (socket: ListedSocket) => void) {
    this.#digits = addressDigits;
    this.#visit = visit;
  }

  feed(piece: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  /** `  sl: LOCAL:PORT REMOTE:PORT ST TX_QUEUE:RX_QUEUE … UID TIMEOUT INODE …`, hexadecimal up to there; the heading has no colon. */
  #line(bytes: Buffer, start: number, end: number): void {
    const digits = this.#digits;
    const local = bytes.indexOf(COLON, start) + 2;
    if (local < 2 || local + 2 * digits + AFTER_LOCAL > end) return;
    const row = this.#row;
    const remote = local + digits + 6;
    const state = remote + digits + 6;
    row.localPort = hex(bytes, local + digits + 1, 4);
    row.remotePort = hex(bytes, remote + digits + 1, 4);
    row.localAddress = addressAt(bytes, local, digits);
    row.remoteAddress = addressAt(bytes, remote, digits);
    row.state = hex(bytes, state, 2);
    row.sendQueue = hex(bytes, state + 3, 8);
    row.receiveQueue = hex(bytes, state + 12, 8);
    row.inode = inodeAt(bytes, state + BEFORE_USER, end);
    this.#visit(row);
  }
}

/** A number where it fits into one: this is done for each of many lines. Words are in the machine's order, which is little-endian. */
function addressAt(bytes: Buffer, at: number, digits: number): number | string {
  const last = swapped(hex(bytes, at + digits - 8, 8));
  if (digits === IPV4_DIGITS) return last;
  const words = [0, 8, 16].map((word) => swapped(hex(bytes, at + word, 8)));
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return last;
  return [...words, last].map((word) => word.toString(16).padStart(8, '0')).join('');
}

const swapped = (word: number): number =>
  (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;

function hex(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const byte = bytes[i]!;
    // '0'–'9' are 0x30–0x39; 'A'–'F' and 'a'–'f' have 1–6 in their low three bits.
    value = value * 16 + (byte < 0x40 ? byte & 15 : (byte & 7) + 9);
  }
  return value;
}

/** The third of the decimal numbers from there on; 0 where the line is shorter. */
function inodeAt(bytes: Buffer, from: number, end: number): number {
  let at = from;
  let value = 0;
  for (let field = 0; field < 3; field++) {
    while (at < end && bytes[at] === SPACE) at++;
    for (value = 0; at < end && bytes[at] !== SPACE; at++) value = value * 10 + (bytes[at]! & 15);
  }
  return value;
}
