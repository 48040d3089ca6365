import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { keepToOwner, OWNER_ONLY } from './owner.ts';

export interface BoundedLogOptions {
  /** Called at the first cut. */
  readonly onCut: () => void;
  /** Bytes of its beginning and of its end, kept at least each. */
  readonly keptBytes?: number;
}

/** How often somebody who writes without a pause is looked after. */
const LOOK_EVERY_MS = 200;
const KEPT_BYTES = 4 * 2 ** 20;
/** A cut copies the end of the log, so it has to be worth it. */
const CUT_AT = 4;
/** A writer that is quicker than the copying is left behind after so many times of what is kept. */
const COPIED_MOST = 16;
const PIECE_BYTES = 2 ** 20;
/** Lines are kept whole where they end within so many bytes. */
const LINE_BYTES = 2 ** 14;
const LAST_BYTES = 8192;

/**
 * A file that takes whatever is printed, for as long as it is printed, and keeps the first and the last of it. A line in the
 * middle says how much was left out. The program that prints writes into the file itself, in append mode: nothing of ours
 * stands in its way, and it goes on when we are gone. A write after a cut lands at the new end.
 *
 * What is written in the very moment of a cut, some microseconds, may be missing.
 */
export class BoundedLog {
  readonly #path: string;
  readonly #onCut: () => void;
  readonly #keptBytes: number;
  /** Where what is kept of the beginning ends, and how long the line behind it is; since the first cut. */
  #cut: { readonly at: number; readonly noteBytes: number } | undefined;
  #leftOutBytes = 0;

  constructor(path: string, { onCut, keptBytes = KEPT_BYTES }: BoundedLogOptions) {
    this.#path = path;
    this.#onCut = onCut;
    this.#keptBytes = keptBytes;
  }

  /** Bytes that were ever printed. */
  get printedBytes(): number {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    return size + this.#leftOutBytes - (this.#cut?.noteBytes ?? 0);
  }

  /** @returns a descriptor for somebody who prints, to be closed */
  openToAppend(): number {
    const flags = OWN | constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
    const fd = openSync(this.#path, flags, OWNER_ONLY.file);
    keepToOwner(fd, OWNER_ONLY.file);
    return fd;
  }

  append(text: string): void {
    const fd = this.openToAppend();
    try {
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    this.look();
  }

  /** Keeps it bounded from now on. @returns how to stop */
  watch(): () => void {
    const timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      this.look();
    };
  }

  /** Cuts it when it is too long. */
  look(): void {
    try {
      if (statSync(this.#path).size <= CUT_AT * this.#keptBytes) return;
      const fd = openSync(this.#path, OWN | constants.O_RDWR);
      try {
        this.#shorten(fd);
      } finally {
        closeSync(fd);
      }
    } catch {
      // No descriptor is left, say: at the next look.
    }
  }

  /**
   * The end of what was printed, fit to be shown.
   *
   * @param sinceBytes what {@link printedBytes} was before
   */
  last(sinceBytes: number): string {
    try {
      const fd = openSync(this.#path, OWN | constants.O_RDONLY);
      try {
        const { size } = fstatSync(fd);
        const wanted = Math.max(0, Math.min(LAST_BYTES, size, this.printedBytes - sinceBytes));
        const bytes = Buffer.alloc(wanted);
        const length = readSync(fd, bytes, 0, wanted, size - wanted);
        return stripVTControlCharacters(bytes.toString('utf8', 0, length)).replace(UNFIT, '\ufffd');
      } finally {
        closeSync(fd);
      }
    } catch {
      return '';
    }
  }

  #shorten(fd: number): void {
    const isFirst = this.#cut === undefined;
    const at = this.#cut?.at ?? endOfLine(fd, this.#keptBytes - LINE_BYTES);
    const from = endOfLine(fd, fstatSync(fd).size - this.#keptBytes - LINE_BYTES);
    this.#leftOutBytes += from - at - (this.#cut?.noteBytes ?? 0);
    const note = Buffer.from(`\n[connrig: ${this.#leftOutBytes} bytes of output are left out here]\n`);
    this.#cut = { at, noteBytes: note.length };
    writeSync(fd, note, 0, note.length, at);
    let to = at + note.length;
    // Until nothing has come meanwhile.
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let read = from; read - from < COPIED_MOST * this.#keptBytes; ) {
      const length = readSync(fd, piece, 0, piece.length, read);
      if (length === 0) break;
      writeSync(fd, piece, 0, length, to);
      read += length;
      to += length;
    }
    ftruncateSync(fd, to);
    if (isFirst) this.#onCut();
  }
}

/** It lies in a run folder, in which nobody has any business but us. */
const OWN = constants.O_NOFOLLOW | constants.O_NONBLOCK;

const UNFIT = /(?![\n\t])\p{Cc}/gu;

/** @returns where the line at `from` ends, or `from` itself when it doesn't soon */
function endOfLine(fd: number, from: number): number {
  const bytes = Buffer.alloc(LINE_BYTES);
  const end = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from)).indexOf('\n');
  return from + end + 1;
}
