import type { PacketPlan } from '../../../core/opening/plan.ts';
import type { Template } from '../../../core/opening/template.ts';
import type { Slot } from '../../protocols/protocol.ts';
import type { FillText } from '../../protocols/request-words.ts';

/**
 * Packets of one application protocol, which data can't say in bytes. Servers' words are cut into them, whatever frames or reads they
 * come in.
 */
export interface Codec {
  /** So many bytes of a packet tell how long it is. */
  readonly headBytes: number;
  /**
   * How long a packet is, its head included.
   *
   * @param head its first bytes, as many as have come, up to `headBytes`
   * @returns 0 when more has to come; -1 when that is the beginning of no packet
   */
  lengthOf(head: Uint8Array): number;
  /** Makes what says a packet on each connection; what that gives is only valid until the next call. */
  writer(packet: PacketPlan, fill: FillText): (slot: Slot) => Buffer;
  /** Makes what judges whole packets. */
  matcher(packet: PacketPlan, fill: FillText): (slot: Slot, packet: Buffer) => boolean;
  /** A packet for people: what it is, and what it says of success or failure in words. */
  describe(packet: Buffer): string;
  /** What the protocol has to say to a packet, whatever the rules are. Only valid until the next call. */
  reply(packet: Buffer): Uint8Array | undefined;
  /** The peer says by it that it ends the connection, and why; for people. */
  farewell(packet: Buffer): string | undefined;
  /**
   * Where the payload of a message begins in a packet; 0: it is no message.
   *
   * @param packet whole, or the beginning of one that is longer than what is looked at
   */
  payloadAt(packet: Buffer): number;
  /**
   * A message with this payload; only valid until the next call.
   *
   * @throws TypeError when the opening leads to no place for messages; whoever read the plan has refused it before
   */
  message(slot: Slot, payload: Uint8Array, fill: FillText): Buffer;
  /** The smallest sign of life. */
  readonly heartbeat: Uint8Array;
  /** Last words of an open connection. */
  readonly goodbye: Uint8Array;
}

/** What a packet is written for: only what clients say can be sent. */
export type PacketUse = 'send' | 'expect';

/**
 * Reads a packet as people write it, in a config file or a dialect.
 *
 * @param parse takes a text apart, whose holes are filled later
 * @param problems gets a sentence for each thing that is wrong
 * @returns undefined when there is a problem
 */
export type ReadPacket = (
  raw: Readonly<Record<string, unknown>>,
  parse: (text: string) => Template,
  problems: string[],
  use: PacketUse,
) => PacketPlan | undefined;
