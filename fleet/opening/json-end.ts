const QUOTE = 34;
const BACKSLASH = 92;
const OPENS = new Set([...'{['].map((character) => character.charCodeAt(0)));
const CLOSES = new Set([...'}]'].map((character) => character.charCodeAt(0)));
const SPACES = new Set([...' \t\r\n'].map((character) => character.charCodeAt(0)));

/**
 * Where the object or array that a stream begins with ends. Only brackets and texts are looked at.
 *
 * @returns the index behind it; 0 when more has to come; -1 when the stream begins with something else
 */
export function jsonEnd(bytes: Uint8Array): number {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (isInText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInText = false;
    } else if (OPENS.has(byte)) {
      depth += 1;
    } else if (depth === 0) {
      if (!SPACES.has(byte)) return -1;
    } else if (byte === QUOTE) {
      isInText = true;
    } else if (CLOSES.has(byte)) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return 0;
}
