/**
 * Two moments in 16 printable characters, so that a message survives servers that read lines or decode text: 8
 * characters of 6 bits each for a moment in whole microseconds, enough for nine years of uptime.
 */
export const MARK_BYTES = 16;

const CHARACTERS = MARK_BYTES / 2;
/** `0` to `o`. */
const FIRST_CHARACTER = 48;
const BASE = 64;

/** The moment a message was planned and the one it was sent at, in ms. */
export interface TimeMark {
  readonly plannedAtMs: number;
  readonly sentAtMs: number;
}

export function writeMark(into: Uint8Array, { plannedAtMs, sentAtMs }: TimeMark): void {
  writeMoment(into, 0, plannedAtMs);
  writeMoment(into, CHARACTERS, sentAtMs);
}

/**
 * @param at where in `from` the mark begins; there are that many bytes behind it
 * @returns undefined when it isn't one: of something else that a server says
 */
export function readMark(from: Uint8Array, at: number, earliestMs: number, latestMs: number): TimeMark | undefined {
  const plannedAtMs = readMoment(from, at);
  const sentAtMs = readMoment(from, at + CHARACTERS);
  // What was written is rounded down.
  const isOne = plannedAtMs > earliestMs - 1 && plannedAtMs <= sentAtMs && sentAtMs <= latestMs;
  return isOne ? { plannedAtMs, sentAtMs } : undefined;
}

function writeMoment(into: Uint8Array, at: number, ms: number): void {
  let rest = Math.floor(ms * 1000);
  for (let i = at + CHARACTERS - 1; i >= at; i--) {
    into[i] = FIRST_CHARACTER + (rest % BASE);
    rest = Math.floor(rest / BASE);
  }
}

/** @returns NaN for what isn't written so */
function readMoment(from: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + CHARACTERS; i++) {
    const digit = from[i]! - FIRST_CHARACTER;
    if (digit < 0 || digit >= BASE) return Number.NaN;
    value = value * BASE + digit;
  }
  return value / 1000;
}
