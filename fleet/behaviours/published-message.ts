import { MARK_BYTES, OPENING_NUMBERS, writeMark } from './time-mark.ts';

/** What stands before and behind a message, where a server wants it within something else. */
export interface MessageTemplate {
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

const FILLER = '.'.charCodeAt(0);
const LINE_FEED = 10;

/**
 * What is published: a mark with the number of the message and its times, filled up to its length. By itself it is one line of
 * text, where it has room for the line's end; within something else it has no line's end, which JSON would not have.
 */
export class PublishedMessage {
  /** Whether it is to be sent as text. */
  readonly isText: boolean;
  readonly #payload: Uint8Array;
  /** The part of {@link #payload} that is marked. */
  readonly #message: Uint8Array;
  readonly #run: number;

  constructor(bytes: number, run: number, template: MessageTemplate | undefined) {
    const before = template?.before.length ?? 0;
    this.#payload = new Uint8Array(before + bytes + (template?.behind.length ?? 0)).fill(FILLER);
    this.#message = this.#payload.subarray(before, before + bytes);
    this.#run = run;
    this.isText = template !== undefined;
    if (template) {
      this.#payload.set(template.before);
      this.#payload.set(template.behind, before + bytes);
    } else if (bytes > MARK_BYTES) this.#message[bytes - 1] = LINE_FEED;
  }

  /** @returns the same bytes each time */
  write(number: number, plannedAtMs: number, sentAtMs: number): Uint8Array {
    if (this.#message.length >= MARK_BYTES) {
      writeMark(this.#message, this.#run, { opening: number % OPENING_NUMBERS, plannedAtMs, sentAtMs });
    }
    return this.#payload;
  }
}
