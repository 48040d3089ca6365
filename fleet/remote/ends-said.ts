/** Ends of connections on their way to the conductor: some bytes for each, and never too many in one message. */
import { z } from 'zod';
import type { SlowEnds } from '../behaviours/behaviour.ts';
import type { Vanished } from '../wire.ts';

const address = z.union([z.number().int().nonnegative(), z.string().max(32)]);
const port = z.number().int().min(0).max(65_535);
/** Numbers of 16 or 32 bits, little end first, in base64. */
const packed = z.base64();

export const SaidSlow = z.strictObject({ address, peerPort: port, ports: packed });
type SaidSlow = z.infer<typeof SaidSlow>;

/** Connections that vanished, from one address to one port. */
export const SaidVanished = z.strictObject({
  ownAddress: address,
  peerAddress: address,
  peerPort: port,
  ownPorts: packed,
  /** When, in ms by the clock of Redis, and how much later each, in µs. */
  sinceMs: z.number(),
  afterMicros: packed,
});
type SaidVanished = z.infer<typeof SaidVanished>;

/** A message of so many is some 50 KB long. */
const MOST_PORTS = 20_000;

/** @returns what one message is to have, of each */
export function saySlow(ends: readonly SlowEnds[]): SaidSlow[][] {
  const messages: SaidSlow[][] = [];
  for (const { address, peerPort, ports } of ends) {
    for (let from = 0; from < ports.length; from += MOST_PORTS)
      messages.push([{ address, peerPort, ports: pack(ports.slice(from, from + MOST_PORTS)) }]);
  }
  return messages;
}

export const readSlow = (said: readonly SaidSlow[]): SlowEnds[] =>
  said.map(({ ports, ...ends }) => ({ ...ends, ports: new Uint16Array(unpack(ports)) }));

/** @param offsetMs what is to be added to moments of this machine to have them by the clock of Redis */
export function sayVanished(some: readonly Vanished[], offsetMs: number): SaidVanished[] {
  const groups = new Map<string, Vanished[]>();
  for (const one of some) {
    const key = `${one.ownAddress} ${one.peerAddress} ${one.peerPort}`;
    groups.set(key, groups.get(key) ?? []);
    groups.get(key)!.push(one);
  }
  return [...groups.values()].map((group) => {
    const { ownAddress, peerAddress, peerPort } = group[0]!;
    const sinceMs = Math.min(...group.map(({ atMs }) => atMs));
    return {
      ownAddress,
      peerAddress,
      peerPort,
      ownPorts: pack(Uint16Array.from(group, ({ ownPort }) => ownPort)),
      sinceMs: sinceMs + offsetMs,
      afterMicros: pack(Uint32Array.from(group, ({ atMs }) => (atMs - sinceMs) * 1000)),
    };
  });
}

export function readVanished(said: readonly SaidVanished[], offsetMs: number): Vanished[] {
  return said.flatMap(({ ownPorts, sinceMs, afterMicros, ...ends }) => {
    const after = new Uint32Array(unpack(afterMicros));
    return Array.from(new Uint16Array(unpack(ownPorts)), (ownPort, i) => ({
      ...ends,
      ownPort,
      atMs: sinceMs + (after[i] ?? 0) / 1000 - offsetMs,
    }));
  });
}

const pack = (numbers: Uint16Array | Uint32Array): string =>
  Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');

/** Numbers lie where they have to in memory of their own. */
const unpack = (text: string): ArrayBuffer => Uint8Array.from(Buffer.from(text, 'base64')).buffer;
