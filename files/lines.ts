import { closeSync, fstatSync, readSync } from 'node:fs';
import { openToRead } from './read.ts';

/** Ten times the longest that we write, a memory point with the ids of 100,000 processes. */
export const MOST_LINE_BYTES = 8 * 2 ** 20;
/** A line that goes on for so long is taken for no line at all, and what comes after it is not looked for. */
const ENDLESS_BYTES = 2 ** 29;
const PIECE_BYTES = 2 ** 20;

/** Parts text into lines as it comes, in bounded room: a line that is too long is counted and left out. */
export class Lines {
  readonly #tell: (line: string) => void;
  readonly #mostBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #count = 0;
  #tooLong = 0;

  /** @param tell is given each line without its newline */
  constructor(tell: (line: string) => void, mostBytes = MOST_LINE_BYTES) {
    this.#tell = tell;
    this.#mostBytes = mostBytes;
  }

  /** Lines that have ended, whatever became of them. */
  get count(): number {
    return this.#count;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  /** The bytes of a line that hasn't ended yet. */
  get restBytes(): number {
    return this.#restBytes;
  }

  /** There is no end of the line in sight: looking for it any further leads nowhere. */
  get isEndless(): boolean {
    return this.#restBytes > ENDLESS_BYTES;
  }

  /** @param piece may be used for something else afterwards */
  add(piece: Buffer): void {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      this.#end(piece.subarray(from, end));
      from = end + 1;
    }
    this.#keep(piece.subarray(from));
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.#mostBytes) this.#rest = [];
    else if (bytes.length > 0) this.#rest.push(Buffer.from(bytes));
  }

  #end(bytes: Buffer): void {
    this.#count += 1;
    if (this.#restBytes + bytes.length > this.#mostBytes) this.#tooLong += 1;
    else this.#tell(this.#rest.length === 0 ? bytes.toString() : Buffer.concat([...this.#rest, bytes]).toString());
    this.#rest = [];
    this.#restBytes = 0;
  }
}

const NEWLINE = 0x0a;

/** How far a file of lines could be read. */
export interface LinesRead {
  readonly lines: number;
  /** Those of these that had more bytes than any line may have. */
  readonly tooLong: number;
  /** A whole file ends in a newline; what follows the last one is a line that was being written. */
  readonly isCutOff: boolean;
  /** Bytes at the end that were not read, and why; undefined when all of it was. */
  readonly unread: { readonly bytes: number; readonly why: string } | undefined;
}

/**
 * Reads a file of lines in a folder that may be somebody else's, as far as it goes at this moment.
 *
 * @throws Unreadable when it can't be opened
 */
export function readLines(folder: string, name: string, tell: (line: string) => void): LinesRead {
  const fd = openToRead(folder, name);
  try {
    const lines = new Lines(tell);
    const { size } = fstatSync(fd);
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let at = 0;
    let why: string | undefined;
    while (at < size && why === undefined) {
      const length = read(fd, piece, Math.min(piece.length, size - at), at);
      if (length === 0) why = 'it became shorter while it was read';
      else if (typeof length === 'string') why = length;
      else {
        at += length;
        lines.add(piece.subarray(0, length));
        if (lines.isEndless && at < size) why = `line ${lines.count + 1} does not end`;
      }
    }
    return {
      lines: lines.count,
      tooLong: lines.tooLong,
      isCutOff: lines.restBytes > 0,
      unread: why === undefined ? undefined : { bytes: size - at, why },
    };
  } finally {
    closeSync(fd);
  }
}

/** @returns the system's word where it fails */
function read(fd: number, piece: Buffer, length: number, at: number): number | string {
  try {
    return readSync(fd, piece, 0, length, at);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
