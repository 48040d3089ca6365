import type { PacketPlan } from '../../../core/opening/plan.ts';
import type { Template } from '../../../core/opening/template.ts';
import type { Slot } from '../../protocols/protocol.ts';
import type { FillText } from '../../protocols/request-words.ts';

/**
 * Packets of bytes of one application protocol, which data can't say. A stream is cut into them, whatever frames or
 * reads they come in.
 */
export interface Codec {
  /** So many bytes of a packet say how long it is. */
  readonly headBytes: number;
  /**
   * How long a packet is, its head included.
   *
   * @param head its first bytes, as many as have come
   * @returns 0 when more has to come; a sentence when it can't become a packet
   */
  lengthOf(head: Uint8Array): number | string;
  /** Makes what says a packet for one connection. What it gives is only valid until the next call. */
  writer(packet: PacketPlan, fill: FillText): (slot: Slot) => Buffer;
  /** Makes what judges whole packets. */
  matcher(packet: PacketPlan, fill: FillText): (slot: Slot, packet: Buffer) => boolean;
  /** A whole packet, for people: what it is, and what it says of success or failure. */
  describe(packet: Buffer): string;
  /** What an open connection has to answer to a packet, besides rules. */
  reply(packet: Buffer): Uint8Array | undefined;
  /**
   * Where the payload of a message begins in a packet; 0: it is no message.
   *
   * @param packet whole, or the beginning of one that is longer than what is looked at
   */
  payloadAt(packet: Buffer): number;
  /** A message with this payload; only valid until the next call. */
  message(slot: Slot, payload: Uint8Array, fill: FillText): Buffer;
  /** The smallest thing that shows the peer that we are alive. */
  readonly heartbeat: Uint8Array;
  /** Last words of an open connection. */
  readonly goodbye: Uint8Array | undefined;
}

/** What a codec knows of packets as people write them, in a config file or a dialect. */
export interface PacketFormat {
  /**
   * @param raw as it was written
   * @param parse takes a text apart, whose holes are filled later
   * @param problems gets a sentence for each thing that is wrong
   */
  readPacket(
    raw: Readonly<Record<string, unknown>>,
    parse: (text: string) => Template,
    problems: string[],
  ): PacketPlan | undefined;
}
