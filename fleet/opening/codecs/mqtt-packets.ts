/** Types of control packets (MQTT 3.1.1 and 5.0, section 2.2.1 and 2.1.2), as the first byte has them in its upper half. */
export const MQTT = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** Protocol levels: 4 is MQTT 3.1.1 (section 3.1.2.2 of either). */
export type MqttVersion = 4 | 5;

/** A fixed header is so long at the most: a byte, and the remaining length in four. */
export const MQTT_HEAD_BYTES = 5;

export interface VariableInteger {
  readonly value: number;
  /** So many bytes it takes; 0: it isn't whole. */
  readonly bytes: number;
}

/** Variable byte integer (MQTT 5.0, section 1.5.5). @returns undefined when it is longer than four bytes */
export function readVariable(bytes: Uint8Array, at: number): VariableInteger | undefined {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return { value: 0, bytes: 0 };
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, bytes: i + 1 };
  }
  return undefined;
}

/** Length of a packet, fixed header included. @returns 0: more has to come; -1: it is none */
export function packetBytes(head: Uint8Array): number {
  if (head.length > 0 && head[0]! >> 4 === 0) return -1;
  const remaining = readVariable(head, 1);
  if (remaining === undefined) return -1;
  return remaining.bytes === 0 ? 0 : 1 + remaining.bytes + remaining.value;
}

/** Where what follows the fixed header begins. */
export const bodyAt = (packet: Uint8Array): number => 1 + readVariable(packet, 1)!.bytes;

export const typeOf = (packet: Uint8Array): number => packet[0]! >> 4;
/** A PUBLISH has it (section 3.3.1.2). */
export const qosOf = (packet: Uint8Array): number => (packet[0]! >> 1) & 3;

/** Where properties end that begin here; there are none before MQTT 5. */
export function afterProperties(packet: Uint8Array, at: number, version: MqttVersion): number {
  if (version === 4) return at;
  const length = readVariable(packet, at);
  return length === undefined ? at : at + length.bytes + length.value;
}

/** Bytes of a packet under way: its fixed header is put before it at last. One buffer for all. */
export class PacketWriter {
  #bytes = Buffer.alloc(1024);
  #length = MQTT_HEAD_BYTES;

  start(): this {
    this.#length = MQTT_HEAD_BYTES;
    return this;
  }

  byte(value: number): this {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Two byte integer (section 1.5.2). */
  two(value: number): this {
    return this.byte(value >> 8).byte(value & 0xff);
  }

  raw(bytes: Uint8Array): this {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /**
   * A text, or binary data: its length and its bytes (sections 1.5.4 and 1.5.6).
   *
   * @param bytes cut at 65,535 of them
   */
  text(bytes: Uint8Array): this {
    const fits = bytes.subarray(0, 0xffff);
    return this.two(fits.length).raw(fits);
  }

  /** @returns the packet, only valid until the next one is started */
  finish(type: number, flags = 0): Buffer {
    let at = MQTT_HEAD_BYTES;
    const remaining = this.#length - MQTT_HEAD_BYTES;
    const digits: number[] = [];
    for (let rest = remaining; digits.length === 0 || rest > 0; rest = Math.floor(rest / 128)) digits.push(rest % 128);
    for (const [i, digit] of [...digits.entries()].reverse()) {
      at -= 1;
      this.#bytes[at] = i === digits.length - 1 ? digit : digit | 0x80;
    }
    at -= 1;
    this.#bytes[at] = (type << 4) | flags;
    return this.#bytes.subarray(at, this.#length);
  }

  #makeRoom(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return;
    const more = Buffer.alloc(2 * (this.#length + byteCount));
    more.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = more;
  }
}
