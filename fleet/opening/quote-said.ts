import { isUtf8 } from 'node:buffer';

/** For people, and for a log: so many characters of what a server said. */
const SHOWN_CHARACTERS = 40;

/**
 * What a server said, cut and quoteSaid.
 *
 * @param hide takes secrets out of a text: half of one, where it is cut, could not be told any more
 */
export function quoteSaid(message: Uint8Array, hide: (text: string) => string): string {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const text = hide(bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1'));
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
