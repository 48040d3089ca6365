import type { Slot } from '../../protocols/protocol.ts';
import type { Course, CourseDeps, CourseEvents } from '../course.ts';
import { type Cutting, FRAMES, Inbox, LOOKED_AT_BYTES, NO_END, TOO_MANY_HELD, UNKNOWN_END } from '../inbox.ts';
import { Round } from '../rounds.ts';
import {
  areOwnWords,
  MOST_STEP,
  nameOf,
  type OwnAnswer,
  type OwnModule,
  type OwnWords,
  wordsOfThrown,
} from './own-module.ts';

/** What a slot's step is when it has none. */
const REFUSED = 65_535;
const tooLong = `was to judge a message above ${LOOKED_AT_BYTES} bytes`;

/** An opening that is code: its functions are asked, and whatever they do is the end of that connection alone. 3 bytes a slot. */
export function createOwnCourse(own: OwnModule, deps: CourseDeps, events: CourseEvents): Course {
  const { slots, identities, isStream } = deps;
  const steps = new Uint16Array(slots);
  const isDone = new Uint8Array(slots);
  const cutting = isStream && own.messageEnd ? new OwnCutting(own.messageEnd) : undefined;
  const inbox = new Inbox(cutting ?? FRAMES);
  const round = own.every && new Round(own.every.seconds * 1000, slots);

  function refuse(slot: Slot, why: string): void {
    const detail = `the opening ${why}`;
    const wasDone = isDone[slot] === 1;
    steps[slot] = REFUSED;
    isDone[slot] = 0;
    if (wasDone) events.onBroken(slot, detail, 'protocol-error');
    else events.onRefused(slot, detail);
  }

  /** @returns undefined where it threw: the connection is refused then */
  function ask<T>(slot: Slot, name: string, act: () => T): { readonly value: T } | undefined {
    try {
      return { value: act() };
    } catch (thrown) {
      refuse(slot, `threw in ${name}: ${wordsOfThrown(thrown)}`);
      return undefined;
    }
  }

  /** @returns whether they are words, which are sent by now */
  function say(slot: Slot, words: unknown, name: string): boolean {
    if (!areOwnWords(words)) {
      refuse(slot, `gave ${nameOf(words)} for ${name}; it has to be text or bytes`);
      return false;
    }
    const isText = typeof words === 'string';
    events.say(slot, isText ? Buffer.from(words) : words, isText);
    return true;
  }

  function hearMessage(slot: Slot, message: Buffer): void {
    const asked = ask(slot, 'answer', () => own.answer?.(message, steps[slot]!, identities.numberOf(slot)));
    const answer: unknown = asked?.value;
    if (asked === undefined || answer === undefined) return;
    if (typeof answer !== 'object' || answer === null || answer instanceof Promise || areOwnWords(answer)) {
      refuse(slot, `gave ${nameOf(answer)} for answer; it has to be nothing, or { send, step, open, refuse }`);
      return;
    }
    // A member may be a function that throws.
    const read = ask(slot, 'answer', () => membersOf(answer));
    if (read !== undefined) follow(slot, read.value);
  }

  function follow(slot: Slot, { send, step, open, refuse: why }: OwnAnswer): void {
    if (why !== undefined) {
      const words = typeof why === 'string' ? why : nameOf(why);
      refuse(slot, `refuses what the server said: ${words}`);
      return;
    }
    for (const words of listOf(send)) if (!say(slot, words, 'answer.send')) return;
    if (step !== undefined && !(Number.isInteger(step) && step >= 0 && step <= MOST_STEP)) {
      refuse(slot, `gave ${nameOf(step)} for answer.step; it has to be a whole number up to ${MOST_STEP}`);
      return;
    }
    if (step !== undefined) steps[slot] = step;
    if (open === true && isDone[slot] === 0) finish(slot);
  }

  function finish(slot: Slot): void {
    isDone[slot] = 1;
    events.onDone(slot);
  }

  /** Up to the end of a message. @returns the index behind it */
  function hearNext(slot: Slot, bytes: Buffer, from: number, last: boolean): number {
    const next = inbox.take(slot, bytes, from, last);
    const { message, isWhole, isBroken } = inbox;
    if (isBroken) refuse(slot, cutting!.problem);
    else if (inbox.isFull) refuse(slot, `can't go on: ${TOO_MANY_HELD}`);
    else if (message && !isWhole && (cutting || isDone[slot] === 0)) refuse(slot, tooLong);
    else if (message && isWhole) hearMessage(slot, message);
    return next;
  }

  const words = (slot: Slot): string => `the opening's step ${steps[slot]}`;

  return {
    begin(slot) {
      steps[slot] = 0;
      isDone[slot] = 0;
      const first = ask(slot, 'first', () => own.first?.(identities.numberOf(slot)));
      if (first === undefined || (first.value !== undefined && !say(slot, first.value, 'first'))) return;
      if (!own.answer) finish(slot);
    },
    hear(slot, bytes, last) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let isHandedOn = false;
      let from = 0;
      do {
        if (isDone[slot] === 1 && !isHandedOn) {
          events.onPayload(slot, buffer.subarray(from), last);
          isHandedOn = true;
        }
        if (own.answer === undefined) return;
        from = hearNext(slot, buffer, from, last);
      } while (from < buffer.length && steps[slot] !== REFUSED);
    },
    underWay: words,
    awaited: (slot) => `${words(slot)} did not lead to an open connection`,
    step(nowMs, isOpen) {
      if (!round || !own.every) return Number.POSITIVE_INFINITY;
      const { send } = own.every;
      return round.step(nowMs, (slot) => {
        if (!isOpen(slot)) return false;
        const asked = ask(slot, 'every.send', () => send(identities.numberOf(slot)));
        return asked !== undefined && say(slot, asked.value, 'every.send');
      });
    },
    forget(slot) {
      steps[slot] = REFUSED;
      isDone[slot] = 0;
      inbox.forget(slot);
    },
    message: () => undefined,
    heartbeat: undefined,
    goodbye: undefined,
  };
}

const membersOf = ({ send, step, open, refuse }: OwnAnswer): OwnAnswer => ({
  ...(send !== undefined && { send }),
  ...(step !== undefined && { step }),
  ...(open !== undefined && { open }),
  ...(refuse !== undefined && { refuse }),
});

const listOf = (send: OwnAnswer['send']): readonly OwnWords[] =>
  send === undefined ? [] : Array.isArray(send) ? (send as readonly OwnWords[]) : [send as OwnWords];

/** Asks the module where a message of a stream ends. */
class OwnCutting implements Cutting {
  readonly tailBytes = 0;
  /** Why it couldn't say so the last time that it couldn't. */
  problem = '';
  readonly #messageEnd: NonNullable<OwnModule['messageEnd']>;

  constructor(messageEnd: NonNullable<OwnModule['messageEnd']>) {
    this.#messageEnd = messageEnd;
  }

  endIn(held: Uint8Array, bytes: Buffer, from: number): number {
    const news = bytes.subarray(from);
    try {
      const end = this.#messageEnd(held.length === 0 ? news : Buffer.concat([held, news]));
      if (end === 0) return UNKNOWN_END;
      if (Number.isInteger(end) && end > held.length) return from + end - held.length;
      this.problem = `gave ${nameOf(end)} for messageEnd; it has to be how many bytes the message takes`;
    } catch (thrown) {
      this.problem = `threw in messageEnd: ${wordsOfThrown(thrown)}`;
    }
    return NO_END;
  }

  endBytes(): number {
    return 0;
  }
}
