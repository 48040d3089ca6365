/** Just as much of DER (X.690) as a certificate of our own needs: every value is written once, none is read. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Two kinds of GeneralName (RFC 5280, section 4.2.1.6). */
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;
type Tag = (typeof TAG)[keyof typeof TAG];

/** One value: its tag, how long it is, and its parts one after the other. */
export const der = (tag: Tag, ...parts: readonly Uint8Array[]): Buffer => encode(tag, Buffer.concat(parts));

/** A value inside a tag whose number its place gives it: `[0] EXPLICIT`. */
export const tagged = (number: number, value: Uint8Array): Buffer => encode(0xa0 + number, value);

/** @param bytes of a number that isn't negative, the highest first */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.of(0) : bytes.subarray(first);
  // With its highest bit set it would be negative.
  return digits[0]! < 0x80 ? der(TAG.integer, digits) : der(TAG.integer, Buffer.of(0), digits);
}

/** @param dotted such as `2.5.4.3` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return der(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...others].flatMap(sevenBits)));
}

export const utf8 = (text: string): Buffer => der(TAG.utf8String, Buffer.from(text));

/** To the second; from 2050 on with four digits of the year (RFC 5280, section 4.1.2.5). */
export function time(moment: Date): Buffer {
  const digits = `${moment.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  return moment.getUTCFullYear() < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits));
}

function encode(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

/** One byte up to 127; beyond that, how many bytes follow, and these. */
function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 + bytes.length, ...bytes];
}

/** A number by seven bits a byte, of which all but the last have the highest bit set. */
function sevenBits(number: number): number[] {
  const bytes = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 + (rest & 0x7f));
  return bytes;
}
