/**
 * Rows of values, one for each connection, in memory that all threads share. A value is its length and its UTF-8, one
 * behind the other; where every sixteenth row begins is known. So they take about as much as the file that they came from.
 */

/** What a thread is given. */
export interface SharedRows {
  readonly columns: readonly string[];
  readonly count: number;
  readonly bytes: SharedArrayBuffer;
  /** Where rows 0, 16, 32 … begin. */
  readonly starts: SharedArrayBuffer;
}

const EVERY = 16;
const MOST_BYTES = 2 ** 32 - 1;
const FIRST_STARTS = 1024;

/** Takes rows as they are read. */
export class RowsWriter {
  readonly #columns: readonly string[];
  #bytes: Uint8Array<SharedArrayBuffer>;
  #starts = new Uint32Array(FIRST_STARTS);
  #length = 0;
  #count = 0;

  /** @param expectedBytes about as much as all values take; more is made room for */
  constructor(columns: readonly string[], expectedBytes: number) {
    this.#columns = columns;
    // What of it isn't written takes no memory.
    this.#bytes = sharedBytes(Math.min(MOST_BYTES, Math.max(64, Math.ceil(expectedBytes))));
  }

  get count(): number {
    return this.#count;
  }

  /**
   * @param values one for each column
   * @throws RangeError above 4 GiB of values
   */
  add(values: readonly string[]): void {
    if (this.#count % EVERY === 0) this.#noteStart();
    for (const value of values) this.#put(value);
    this.#count += 1;
  }

  /** A row as {@link Rows.row} has it. */
  addRow(row: Uint8Array): void {
    if (this.#count % EVERY === 0) this.#noteStart();
    this.#makeRoom(row.length);
    this.#bytes.set(row, this.#length);
    this.#length += row.length;
    this.#count += 1;
  }

  finish(): SharedRows {
    const startCount = Math.ceil(this.#count / EVERY);
    const starts = new SharedArrayBuffer(startCount * Uint32Array.BYTES_PER_ELEMENT);
    new Uint32Array(starts).set(this.#starts.subarray(0, startCount));
    return { columns: this.#columns, count: this.#count, bytes: this.#bytes.buffer, starts };
  }

  #noteStart(): void {
    const at = this.#count / EVERY;
    if (at === this.#starts.length) {
      const more = new Uint32Array(2 * at);
      more.set(this.#starts);
      this.#starts = more;
    }
    this.#starts[at] = this.#length;
  }

  #put(value: string): void {
    const length = Buffer.byteLength(value);
    this.#makeRoom(length + 5);
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
    Buffer.from(this.#bytes.buffer, this.#length, length).write(value, 'utf8');
    this.#length += length;
  }

  #makeRoom(byteCount: number): void {
    const need = this.#length + byteCount;
    if (need <= this.#bytes.length) return;
    if (need > MOST_BYTES) throw new RangeError('rows have more than 4 GiB of values');
    const more = sharedBytes(Math.min(MOST_BYTES, Math.max(need, Math.ceil(1.5 * this.#bytes.length))));
    more.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = more;
  }
}

const sharedBytes = (length: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(new SharedArrayBuffer(length));

/** Reads values where they lie. */
export class Rows {
  readonly count: number;
  readonly columnCount: number;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  /** Where the next value begins. */
  #at = 0;

  constructor({ columns, count, bytes, starts }: SharedRows) {
    this.count = count;
    this.columnCount = columns.length;
    this.#bytes = new Uint8Array(bytes);
    this.#starts = new Uint32Array(starts);
  }

  /** A value's UTF-8, where it lies: not to be changed. @param row from 0 */
  value(row: number, column: number): Uint8Array {
    this.#at = this.#starts[Math.floor(row / EVERY)]!;
    for (let skip = (row % EVERY) * this.columnCount + column; skip > 0; skip--) {
      const length = this.#readLength();
      this.#at += length;
    }
    const length = this.#readLength();
    return this.#bytes.subarray(this.#at, this.#at + length);
  }

  /** All values of a row, each behind its length, where they lie: not to be changed. @param row from 0 */
  row(row: number): Uint8Array {
    const from = this.#startOf(row);
    return this.#bytes.subarray(from, rowEnd(this.#bytes, from, this.columnCount));
  }

  #startOf(row: number): number {
    const start = this.#starts[Math.floor(row / EVERY)]!;
    return rowEnd(this.#bytes, start, (row % EVERY) * this.columnCount);
  }

  #readLength(): number {
    let length = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++]!;
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) return length;
    }
  }
}

/** Where so many values end that begin there; {@link Rows.row} has those of one row. */
export function rowEnd(bytes: Uint8Array, from: number, values: number): number {
  let at = from;
  for (let left = values; left > 0; left--) {
    let length = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    at += length;
  }
  return at;
}
