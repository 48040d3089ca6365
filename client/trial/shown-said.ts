import { isUtf8 } from 'node:buffer';
import type { Said } from '../../fleet/trial/said.ts';
import type { Veil } from './veil.ts';

/** Something that was said, as it may be shown. */
export type ShownSaid =
  | { readonly what: 'head'; readonly lines: readonly string[] }
  | {
      readonly what: Exclude<Said['kind'], 'head'>;
      /** What a close frame of ws has; null where it has none. */
      readonly code?: number | null;
      /** What can be read as text; else there are hexadecimal digits, `**` for a byte that is hidden. */
      readonly text?: string;
      readonly hex?: string;
      /** The same bytes as characters, a dot for each that is none. */
      readonly signs?: string;
      /** How long all of it is. */
      readonly bytes: number;
      /** The text, or the digits, go on. */
      readonly isCut: boolean;
    };

const MOST_CHARS = 200;
const MOST_HEX_BYTES = 64;
/** Texts have no other control characters than these: ends of lines, and of messages in some protocols. */
const ENDS: ReadonlySet<string> = new Set(['\t', '\r', '\n', '\0', '\u001e']);
const CONTROLS = /\p{Cc}/gu;
const HALF_CHARACTER = /[\ud800-\udbff]$/;
const PRINTABLE = /\P{Cc}/u;

/**
 * @param isOurs we said it
 * @param isFull nothing is cut
 */
export function showSaid(said: Said, isOurs: boolean, veil: Veil, isFull: boolean): ShownSaid {
  if (said.kind === 'head') {
    return { what: 'head', lines: isOurs ? veil.request(said.lines) : veil.answer(said.lines) };
  }
  const { kind, bytes } = said;
  const common = { what: kind, ...(kind === 'close' && { code: said.code ?? null }), bytes: bytes.length };
  if (isText(bytes, kind)) {
    // Hidden before it is cut: half of a secret could not be told any more.
    const text = veil.text(bytes.toString());
    const isCut = !isFull && text.length > MOST_CHARS;
    return { ...common, text: isCut ? text.slice(0, MOST_CHARS).replace(HALF_CHARACTER, '') : text, isCut };
  }
  const covered = veil.covered(bytes);
  const isCut = !isFull && bytes.length > MOST_HEX_BYTES;
  const shown = isCut ? bytes.subarray(0, MOST_HEX_BYTES) : bytes;
  const signs = Array.from(shown, (byte, at) => (covered.has(at) ? '*' : signOf(byte))).join('');
  const digits = Array.from(shown, (byte, at) => (covered.has(at) ? '**' : byte.toString(16).padStart(2, '0')));
  return { ...common, hex: digits.join(' '), signs, isCut };
}

/** Text frames say that they are; of other bytes those are text that look like it. */
function isText(bytes: Buffer, kind: Said['kind']): boolean {
  if (!isUtf8(bytes)) return false;
  if (bytes.length === 0 || kind === 'text' || kind === 'close') return true;
  const text = bytes.toString();
  return PRINTABLE.test(text) && (text.match(CONTROLS) ?? []).every((sign) => ENDS.has(sign));
}

const signOf = (byte: number): string => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');
