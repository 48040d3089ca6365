import { endianness } from 'node:os';

/** `struct inet_diag_bc_op`: what to compare, how far to go on if it is so, and how far if not. */
const OP_BYTES = 4;
const JUMP = 1;
/** Whether it is no less, and no more, than so much. */
const SOURCE = [2, 3] as const;
const DESTINATION = [4, 5] as const;
/** Two comparisons of a port, each with a second op that holds it, and a jump to the end. */
const RANGE_BYTES = 5 * OP_BYTES;
/** Each takes time at every socket of the host; an attribute of netlink would hold 1,600. */
const RANGES_MOST = 200;
const LITTLE = endianness() === 'LE';

/** The first and the last of ports that follow each other. */
type Range = readonly [low: number, high: number];

/**
 * A program for the kernel (`INET_DIAG_REQ_BYTECODE`, linux/inet_diag.h) that lets sockets through whose local or remote
 * port is one of these. Where there are too many gaps it lets more through: who asks has to look again.
 *
 * @param ports at least one
 * @param isLocalPort as local port alone
 */
export function portFilter(ports: readonly number[], isLocalPort = false): Uint8Array {
  const ranges = rangesOf(ports);
  const bytes = new Uint8Array((isLocalPort ? 1 : 2) * ranges.length * RANGE_BYTES - OP_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const op = (code: number, yes: number, no: number): void => {
    view.setUint8(at, code);
    view.setUint8(at + 1, yes);
    view.setUint16(at + 2, no, LITTLE);
    at += OP_BYTES;
  };
  /** @param otherwise how far it is to the next range; beyond the end nothing matches */
  const compare = (code: number, port: number, otherwise: number): void => {
    op(code, 2 * OP_BYTES, otherwise);
    op(0, 0, port);
  };
  for (const [atLeast, atMost] of isLocalPort ? [SOURCE] : [SOURCE, DESTINATION]) {
    for (const [low, high] of ranges) {
      compare(atLeast, low, RANGE_BYTES);
      compare(atMost, high, RANGE_BYTES - 2 * OP_BYTES);
      if (at < bytes.length) op(JUMP, OP_BYTES, bytes.length - at);
    }
  }
  return bytes;
}

function rangesOf(ports: readonly number[]): Range[] {
  const ranges: Array<[low: number, high: number]> = [];
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === port - 1) last[1] = port;
    else ranges.push([port, port]);
  }
  return ranges.length <= RANGES_MOST ? ranges : [[ranges[0]![0], ranges.at(-1)![1]]];
}
