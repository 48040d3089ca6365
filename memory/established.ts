import { open } from 'node:fs/promises';
import type { Established } from '../core/readings.ts';
import { Missing, systemCodeOf } from './meter.ts';
import { readSockstat } from './sockstat.ts';

const ESTABLISHED = 1;
const TIME_WAIT = 6;
const COLON = 0x3a;
const NEWLINE = 0x0a;
const READ_BYTES = 1 << 16;
const IPV4_DIGITS = 8;
const IPV6_DIGITS = 32;
/** `:PORT ADDRESS:PORT ST TTTTTTTT:RRRRRRRR` after the local address, without the remote one. */
const AFTER_LOCAL = 32;

/** With more sockets than this on the host, whoever's they are, the list takes seconds to read, or minutes. */
const LISTED_MOST = 300_000;

interface EstablishedPaths {
  /** A list that doesn't exist (no IPv6) is empty. */
  readonly tcp: string;
  readonly tcp6: string;
  /** Tells how long the lists are. */
  readonly sockstat: string;
}

/** Lists whose two ends of loopback connections don't pair up are read again, this often in all. */
const LISTINGS_MOST = 3;

/**
 * Connections on the given ports, as the kernel lists them. Exact while nothing opens or closes; takes time in
 * proportion to all sockets of the host (about 3 µs each) and to the kernel's table of them (60 ms if it has 2^18 rows).
 *
 * The kernel finds its place in the list by counting, so it passes over a few rows while many sockets of others go. Where
 * both ends are on this host that shows, since a row is missing on one side: the fullest of a few lists counts then.
 *
 * @param ports of the target
 * @throws Missing when the host has too many sockets to list them
 */
export async function readEstablished(
  ports: readonly number[],
  paths: EstablishedPaths = { tcp: '/proc/net/tcp', tcp6: '/proc/net/tcp6', sockstat: '/proc/net/sockstat' },
): Promise<Established> {
  const { tcpAlloc = 0, tcpTimeWait = 0 } = (await readSockstat(paths.sockstat)) ?? {};
  if (tcpAlloc + tcpTimeWait > LISTED_MOST) {
    throw new Missing(`this host has ${tcpAlloc + tcpTimeWait} TCP sockets, too many to list`);
  }
  return fullest(() => readOnce(ports, paths));
}

/** @param list reads the whole list; again while ends lack their other end */
export async function fullest(list: () => Promise<Established>): Promise<Established> {
  let best = await list();
  for (let listings = 1; listings < LISTINGS_MOST && isUneven(best); listings++) {
    const next = await list();
    if (endsOf(next) > endsOf(best)) best = next;
  }
  return best;
}

const endsOf = ({ targetEnds, clientEnds }: Established): number => targetEnds + clientEnds;

/** With one end elsewhere there is nothing to pair. */
const isUneven = ({ targetEnds, clientEnds }: Established): boolean =>
  targetEnds > 0 && clientEnds > 0 && targetEnds !== clientEnds;

async function readOnce(ports: readonly number[], paths: EstablishedPaths): Promise<Established> {
  const counter = new EndCounter(ports);
  await readList(paths.tcp, counter, IPV4_DIGITS);
  await readList(paths.tcp6, counter, IPV6_DIGITS).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  });
  return counter.result();
}

/** Ports seen under each of a few keys: one bit a port. */
class PortSet {
  readonly #bits = new Map<string | number, Uint8Array>();

  /** @returns whether it is new */
  add(key: string | number, port: number): boolean {
    let bits = this.#bits.get(key);
    if (!bits) {
      bits = new Uint8Array(8192);
      this.#bits.set(key, bits);
    }
    const bit = 1 << (port & 7);
    const before = bits[port >> 3]!;
    bits[port >> 3] = before | bit;
    return (before & bit) === 0;
  }

  /** How many are here and not there. */
  without(others: PortSet): number {
    let count = 0;
    for (const [key, bits] of this.#bits) {
      const theirs = others.#bits.get(key);
      for (let i = 0; i < bits.length; i++) count += ONES[bits[i]! & ~(theirs?.[i] ?? 0)]!;
    }
    return count;
  }
}

/** Bits set in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** Local ports, and pairs of local address and port. */
class LocalPorts {
  readonly ports = new PortSet();
  readonly addresses = new PortSet();

  add(address: number | string, port: number): void {
    this.ports.add('', port);
    this.addresses.add(address, port);
  }
}

/** Counts ends in the text of /proc/net/tcp, fed in pieces cut anywhere. */
export class EndCounter {
  readonly #isTarget = new Uint8Array(65_536);
  readonly #connections = new PortSet();
  readonly #clientAddresses = new PortSet();
  readonly #clientPorts = new PortSet();
  readonly #held = new LocalPorts();
  readonly #left = new LocalPorts();
  readonly #counts = {
    targetEnds: 0,
    clientEnds: 0,
    timeWait: 0,
    clientPorts: 0,
    clientAddresses: 0,
    targetQueuedBytes: 0,
    clientQueuedBytes: 0,
  };
  #rest: Buffer = Buffer.alloc(0);

  constructor(ports: readonly number[]) {
    for (const port of ports) this.#isTarget[port] = 1;
  }

  /** @param addressDigits hexadecimal digits of an address: 8 for IPv4, 32 for IPv6 */
  feed(piece: Buffer, addressDigits: number): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes, start, end, addressDigits);
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  result(): Established {
    return {
      ...this.#counts,
      leftPorts: this.#left.ports.without(this.#held.ports),
      leftAddresses: this.#left.addresses.without(this.#held.addresses),
    };
  }

  /** `  sl: LOCAL:PORT REMOTE:PORT ST TX_QUEUE:RX_QUEUE …`, all hexadecimal; the heading has no colon. */
  #line(bytes: Buffer, start: number, end: number, digits: number): void {
    const local = bytes.indexOf(COLON, start) + 2;
    if (local < 2 || local + 2 * digits + AFTER_LOCAL > end) return;
    const localPort = hex(bytes, local + digits + 1, 4);
    const remote = local + digits + 6;
    const remotePort = hex(bytes, remote + digits + 1, 4);
    const state = hex(bytes, remote + digits + 6, 2);
    (state === TIME_WAIT ? this.#left : this.#held).add(addressAt(bytes, local, digits), localPort);
    const ofTarget = this.#isTarget[localPort] === 1;
    if (!ofTarget && this.#isTarget[remotePort] !== 1) return;
    if (state === TIME_WAIT) this.#counts.timeWait++;
    if (state !== ESTABLISHED) return;
    const queuedBytes = hex(bytes, remote + digits + 9, 8) + hex(bytes, remote + digits + 18, 8);
    // While other sockets come and go the kernel may list one twice: it finds its place again by counting.
    const [at, port, peerPort] = ofTarget ? [remote, remotePort, localPort] : [local, localPort, remotePort];
    const address = addressAt(bytes, at, digits);
    const key =
      typeof address === 'number'
        ? (address * 65_536 + peerPort) * 2 + +ofTarget
        : `${address} ${peerPort} ${ofTarget}`;
    if (!this.#connections.add(key, port)) return;
    if (ofTarget) {
      this.#counts.targetEnds++;
      this.#counts.targetQueuedBytes += queuedBytes;
    } else {
      this.#counts.clientEnds++;
      this.#counts.clientQueuedBytes += queuedBytes;
      if (this.#clientAddresses.add(address, port)) this.#counts.clientAddresses++;
      if (this.#clientPorts.add('', port)) this.#counts.clientPorts++;
    }
  }
}

/** Into one buffer, again and again: a list of a hundred thousand connections is 15 MB. */
async function readList(path: string, counter: EndCounter, addressDigits: number): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      counter.feed(buffer.subarray(0, bytesRead), addressDigits);
    }
  } finally {
    await file.close();
  }
}

/** A number where it fits into one: this is done for each of many lines. */
const addressAt = (bytes: Buffer, at: number, digits: number): number | string =>
  digits === IPV4_DIGITS ? hex(bytes, at, digits) : bytes.toString('latin1', at, at + digits);

function hex(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const byte = bytes[i]!;
    // '0'–'9' are 0x30–0x39; 'A'–'F' and 'a'–'f' have 1–6 in their low three bits.
    value = value * 16 + (byte < 0x40 ? byte & 15 : (byte & 7) + 9);
  }
  return value;
}
