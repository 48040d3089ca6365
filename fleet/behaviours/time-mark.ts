/**
 * What a message says of itself, in 16 characters that survive servers which read lines, decode text, or put it into JSON or
 * HTML: those of base64url (RFC 4648, section 5). Each has 6 bits:
 *
 *     characters   what                                        range
 *     0 to 2       the run: a random number that all its       262,144
 *                  workers have in common
 *     3 to 6       the opening that sent it, counted over      16,777,216, then from 0 again
 *                  all workers: another one when a slot is
 *                  used again; of a broadcast, its number
 *     7 to 12      when it was planned, in whole µs            19 hours, then from 0 again
 *     13 to 15     how much later it was sent: 14 bits of µs,  9 minutes, to 0.02 %; up to 16 ms to the µs;
 *                  and 4 that say how often they were halved   more counts as that
 *
 * When two runs go on at once, the marks of one are noise to the other, but for one pair of runs in 262,144.
 */
export const MARK_BYTES = 16;

/** Different numbers of runs, and of openings. */
export const RUN_NUMBERS = 2 ** 18;
export const OPENING_NUMBERS = 2 ** 24;

const OPENING_AT = 3;
const PLANNED_AT = 7;
const DELAY_AT = 13;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const BASE = 64;
/** The digit that each byte is; {@link BASE} or more: it is none. */
const DIGITS = new Uint8Array(256).fill(255);
for (let digit = 0; digit < BASE; digit++) DIGITS[ALPHABET[digit]!] = digit;
const PLANNED_MICROS = BASE ** (DELAY_AT - PLANNED_AT);
const DELAY_VALUES = 2 ** 14;
const MOST_HALVINGS = 15;
/** Each thread sets its clock by itself: what another one has planned may seem to lie ahead. Seen: less than 1 ms. */
const SKEW_MICROS = 1e6;

/** Which numbers a worker gives to the connections that it opens, so that no two of the run have the same. */
export interface MarkNumbers {
  /** Below {@link RUN_NUMBERS}. */
  readonly run: number;
  /** The first opening, and how far it is from one to the next: whoever else counts has another first and the same step. */
  readonly first: number;
  readonly step: number;
}

/** Whose a message is, and the moments it was planned and sent at, in ms. */
export interface TimeMark {
  readonly opening: number;
  readonly plannedAtMs: number;
  readonly sentAtMs: number;
}

export function writeMark(into: Uint8Array, run: number, { opening, plannedAtMs, sentAtMs }: TimeMark): void {
  const plannedMicros = Math.floor(plannedAtMs * 1000);
  writeDigits(into, 0, OPENING_AT, run);
  writeDigits(into, OPENING_AT, PLANNED_AT, opening);
  writeDigits(into, PLANNED_AT, DELAY_AT, plannedMicros % PLANNED_MICROS);
  writeDigits(into, DELAY_AT, MARK_BYTES, packDelay(Math.floor(sentAtMs * 1000) - plannedMicros));
}

/** The characters that every mark of a run begins with. */
export function beginningOf(run: number): Uint8Array {
  const bytes = new Uint8Array(OPENING_AT);
  writeDigits(bytes, 0, OPENING_AT, run);
  return bytes;
}

/**
 * @param at where in `from` the mark begins; there are that many bytes behind it
 * @param earliestMs no message was planned before
 * @returns undefined when it isn't one of this run: something else that a server says
 */
export function readMark(
  from: Uint8Array,
  at: number,
  run: number,
  earliestMs: number,
  nowMs: number,
): TimeMark | undefined {
  if (readDigits(from, at, at + OPENING_AT) !== run) return undefined;
  const opening = readDigits(from, at + OPENING_AT, at + PLANNED_AT);
  const planned = readDigits(from, at + PLANNED_AT, at + DELAY_AT);
  const delayMicros = unpackDelay(readDigits(from, at + DELAY_AT, at + MARK_BYTES));
  const nowMicros = Math.floor(nowMs * 1000);
  const latestMicros = nowMicros + SKEW_MICROS;
  const beforeLatestMicros = ((latestMicros % PLANNED_MICROS) - planned + PLANNED_MICROS) % PLANNED_MICROS;
  const plannedMicros = latestMicros - beforeLatestMicros;
  const isInTime = plannedMicros > earliestMs * 1000 - SKEW_MICROS && delayMicros <= beforeLatestMicros;
  const isOne = opening >= 0 && isInTime;
  return isOne
    ? { opening, plannedAtMs: plannedMicros / 1000, sentAtMs: (plannedMicros + delayMicros) / 1000 }
    : undefined;
}

function packDelay(micros: number): number {
  let value = Math.max(0, micros);
  let halvings = 0;
  for (; value >= DELAY_VALUES && halvings < MOST_HALVINGS; halvings++) value = Math.floor(value / 2);
  return halvings * DELAY_VALUES + Math.min(value, DELAY_VALUES - 1);
}

/** What was packed, rounded down. */
const unpackDelay = (packed: number): number => (packed % DELAY_VALUES) * 2 ** Math.floor(packed / DELAY_VALUES);

function writeDigits(into: Uint8Array, from: number, to: number, value: number): void {
  let rest = value;
  for (let i = to - 1; i >= from; i--) {
    into[i] = ALPHABET[rest % BASE]!;
    rest = Math.floor(rest / BASE);
  }
}

/** @returns NaN for what isn't written so */
function readDigits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = DIGITS[bytes[i]!]!;
    if (digit >= BASE) return Number.NaN;
    value = value * BASE + digit;
  }
  return value;
}
