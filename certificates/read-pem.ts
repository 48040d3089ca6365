import { readNamed, Unreadable } from '../files/read.ts';

/** One block of a PEM file (RFC 7468), its BEGIN and END lines included. */
export interface PemBlock {
  /** What it says that it is, such as `CERTIFICATE` or `EC PRIVATE KEY`. */
  readonly label: string;
  readonly text: string;
  /** 1 is the first line of the file. */
  readonly line: number;
}

/** The trust of a whole system is some 200 KiB. */
const MOST_BYTES = 4 * 2 ** 20;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
const BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;

/**
 * The blocks of a PEM file in their order. What stands between them is a comment.
 *
 * @param example how OpenSSL makes PEM of another format
 * @returns at least one block, or a sentence that says what is wrong with the file and what to do
 */
export function readPem(path: string, example: string): readonly PemBlock[] | string {
  let text: string;
  try {
    text = readNamed(path, MOST_BYTES);
  } catch (error) {
    if (error instanceof Unreadable) return `${path} ${error.message}`;
    throw error;
  }
  const blocks = [...text.matchAll(BLOCK)].map(({ 0: block, 1: label = '', index }): PemBlock => {
    return { label, text: `${block}\n`, line: text.slice(0, index).split('\n').length };
  });
  const begun = text.match(BEGIN)?.length ?? 0;
  if (begun > blocks.length) return `${path} is cut short: it has ${begun} BEGIN lines, and fewer END lines`;
  if (blocks.length > 0) return blocks;
  return text.trim() === ''
    ? `${path} is empty`
    : `${path} is not in PEM format, whose first line is -----BEGIN …-----; ${example} makes it of DER`;
}
