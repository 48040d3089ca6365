import { readFileSync } from 'node:fs';
import type { Read } from './option.ts';

/** Bytes that each connection sends first; as hexadecimal digits, since settings are recorded as JSON. */
export interface Preamble {
  readonly from: string;
  readonly hex: string;
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };
const ESCAPE = /\\(x[0-9a-fA-F]{2}|[\s\S]|$)/g;
/** It goes out in one piece, before anything is read. */
const MOST_BYTES = 16_384;

/** Text with the escapes `\r \n \t \0 \\ \xHH`, or `@FILE` for the bytes of a file. */
export function readPreamble(given: string): Read<Preamble> {
  const bytes = given.startsWith('@') ? bytesOfFile(given.slice(1)) : bytesOfText(given);
  if (typeof bytes === 'string') return { problem: bytes };
  if (bytes.length === 0) return { problem: 'it is empty' };
  if (bytes.length > MOST_BYTES) return { problem: `${bytes.length} bytes are too many: at most ${MOST_BYTES}` };
  return { value: { from: given, hex: bytes.toString('hex') } };
}

function bytesOfFile(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return `${path} can't be read: ${(error as Error).message}`;
  }
}

function bytesOfText(text: string): Buffer | string {
  const unknown = [...text.matchAll(ESCAPE)].find(([, what = '']) => !what.startsWith('x') && !(what in ESCAPES));
  const broken = [...text.matchAll(ESCAPE)].find(([, what = '']) => what === 'x');
  const wrong = unknown ?? broken;
  if (wrong) return `"${wrong[0]}" is not one of the escapes \\r \\n \\t \\0 \\\\ \\xHH`;
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [whole, what = ''] = match;
    parts.push(Buffer.from(text.slice(end, match.index)));
    parts.push(what.startsWith('x') ? Buffer.from(what.slice(1), 'hex') : Buffer.from(ESCAPES[what] ?? ''));
    end = match.index + whole.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(end))]);
}
