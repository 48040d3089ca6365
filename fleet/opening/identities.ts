import type { DataOrder } from '../../core/opening/data-order.ts';
import { formsOf, type Hole, madeFit, type Template } from '../../core/opening/template.ts';
import { scramble } from '../../core/values/scramble.ts';
import { withoutSecret } from '../../core/values/without-secret.ts';
import type { Slot } from '../protocols/protocol.ts';
import { Numbers } from './numbers.ts';
import { Rows, type SharedRows } from './rows.ts';

/** What connections are told apart by, over the whole fleet; plain data. */
export interface IdentityOptions {
  /** Numbers that the whole fleet shares, and how many there are. */
  readonly numbers: SharedArrayBuffer;
  readonly total: number;
  readonly rows: SharedRows | undefined;
  readonly order: DataOrder;
  /** What is random differs from run to run, and is the same for one connection as long as it lives. */
  readonly seed: number;
  /** First serial number of this worker, and how far it is to the next: no two attempts have the same. */
  readonly first: number;
  readonly step: number;
  /** Which fleet this is of how many, where several have a run in common: their numbers lie between each other. */
  readonly fleet?: { readonly first: number; readonly step: number } | undefined;
  /** Values of the environment that were put into texts. */
  readonly secrets: readonly string[];
}

const ONLY_FLEET = { first: 0, step: 1 };
const SCRATCH_BYTES = 4096;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * What tells each connection of a worker apart: its number, its row and what is random about it. Eight bytes a slot, no object; values
 * are read where the rows lie.
 */
export class Identities {
  readonly #numbers: Numbers;
  readonly #rows: Rows | undefined;
  readonly #options: IdentityOptions;
  readonly #numberOf: Int32Array;
  readonly #serialOf: Uint32Array;
  #nextSerial: number;
  /** What answers had that were taken, of the few that are opening. */
  readonly #takenOf = new Map<Slot, Map<string, string>>();
  #scratch = Buffer.alloc(SCRATCH_BYTES);

  constructor(slots: number, options: IdentityOptions) {
    this.#options = options;
    this.#numbers = new Numbers(options.numbers, options.total);
    this.#rows = options.rows && new Rows(options.rows);
    this.#numberOf = new Int32Array(slots);
    this.#serialOf = new Uint32Array(slots);
    this.#nextSerial = options.first;
  }

  /** A number that no live connection has; 0 where all are in use. */
  takeNumber(): number {
    return this.#numbers.take();
  }

  /** A number that nothing came of. */
  giveBack(number: number): void {
    this.#numbers.give(number);
  }

  assign(slot: Slot, number: number): void {
    this.#numberOf[slot] = number;
    this.#serialOf[slot] = this.#nextSerial;
    this.#nextSerial += this.#options.step;
  }

  /** Its socket is gone: another may have its number. */
  release(slot: Slot): void {
    this.#takenOf.delete(slot);
    const number = this.#numberOf[slot]!;
    if (number > 0) this.#numbers.give(number);
    this.#numberOf[slot] = 0;
  }

  /** Keeps what an answer had, to fill holes of this connection's opening. */
  keepTaken(slot: Slot, name: string, value: string): void {
    const kept = this.#takenOf.get(slot) ?? new Map<string, string>();
    this.#takenOf.set(slot, kept.set(name, value));
  }

  /** The opening is over, and so is what it took. */
  forgetTaken(slot: Slot): void {
    this.#takenOf.delete(slot);
  }

  /** From 1. */
  numberOf(slot: Slot): number {
    const { first, step } = this.#options.fleet ?? ONLY_FLEET;
    return (this.#numberOf[slot]! - 1) * step + first + 1;
  }

  /** A text as this connection says it. Only valid until the next call. */
  fill(slot: Slot, { parts }: Template): Buffer {
    if (parts.length === 1 && parts[0] instanceof Uint8Array) return bufferOver(parts[0]);
    let at = 0;
    for (const part of parts) {
      const bytes = part instanceof Uint8Array ? part : this.#valueOf(slot, part);
      const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
      this.#makeRoom(at, length);
      if (typeof bytes === 'string') this.#scratch.write(bytes, at);
      else this.#scratch.set(bytes, at);
      at += length;
    }
    return this.#scratch.subarray(0, at);
  }

  /** A text for people, without the secrets of this connection. */
  hide(slot: Slot, text: string): string {
    let hidden = text;
    const hide = (value: string): void => {
      for (const form of formsOf(value)) hidden = withoutSecret(hidden, form);
    };
    this.#options.secrets.forEach(hide);
    this.#takenOf.get(slot)?.forEach(hide);
    const rows = this.#numberOf[slot]! > 0 ? this.#rows : undefined;
    for (let column = 0; rows && column < rows.columnCount; column++) {
      hide(bufferOver(rows.value(this.#rowOf(slot), column)).toString());
    }
    return hidden;
  }

  #valueOf(slot: Slot, hole: Hole): Uint8Array | string {
    const { kind, inside } = hole;
    if (kind === 'number') return String(this.numberOf(slot));
    if (kind === 'uuid') return uuidOf(this.#wordsOf(slot, UUID_SALT));
    if (kind === 'random') return this.#randomOf(slot, hole.length);
    if (kind === 'env') throw new TypeError(`nobody has put in what ${hole.name} says`);
    if (kind === 'taken') return madeFit(this.#takenOf.get(slot)?.get(hole.name) ?? '', inside);
    const value = this.#rows!.value(this.#rowOf(slot), hole.column);
    return inside === 'text' || inside === 'header' ? value : madeFit(bufferOver(value).toString(), inside);
  }

  #rowOf(slot: Slot): number {
    const { count } = this.#rows!;
    if (this.#options.order === 'random') return this.#wordsOf(slot, ROW_SALT)[0]! % count;
    return (this.#numberOf[slot]! - 1) % count;
  }

  #randomOf(slot: Slot, length: number): string {
    let text = '';
    for (let salt = RANDOM_SALT; text.length < length; salt++) {
      for (const word of this.#wordsOf(slot, salt)) {
        // Six characters of a word: 36^6 is below 2^32.
        for (let i = 0, rest = word; i < 6; i++, rest = Math.floor(rest / 36)) text += ALPHABET[rest % 36];
      }
    }
    return text.slice(0, length);
  }

  /** Four words that only this attempt of this run has. */
  #wordsOf(slot: Slot, salt: number): Uint32Array {
    const serial = this.#serialOf[slot]!;
    let word = scramble(serial ^ scramble(this.#options.seed ^ salt));
    for (let i = 0; i < WORDS.length; i++) {
      WORDS[i] = word;
      word = scramble((word + Math.imul(serial, 0x9e3779b1) + this.#options.seed + i) >>> 0);
    }
    return WORDS;
  }

  #makeRoom(at: number, length: number): void {
    if (at + length <= this.#scratch.length) return;
    const more = Buffer.alloc(2 * (at + length));
    more.set(this.#scratch.subarray(0, at));
    this.#scratch = more;
  }
}

const WORDS = new Uint32Array(4);
const ROW_SALT = 1;
const UUID_SALT = 2;
const RANDOM_SALT = 3;

const bufferOver = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Version 4 of RFC 9562. */
function uuidOf(words: Uint32Array): string {
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[words[2]! >>> 30];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
