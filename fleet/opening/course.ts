import type { Slot } from '../protocols/protocol.ts';
import type { FillText } from '../protocols/request-words.ts';
import type { Identities } from './identities.ts';

/**
 * What is said on connections that their protocol has made usable: first until they count as open, then for as long as they
 * are. One for all connections of a worker.
 */
export interface Course {
  /** The protocol below is usable from now on: {@link CourseEvents.onDone} or `onRefused` follows, perhaps at once. */
  begin(slot: Slot): void;
  /** Payload of the protocol below, as it came; valid during the call only. @param last it ends a message */
  hear(slot: Slot, bytes: Uint8Array, last: boolean): void;
  /** For people, of a connection that is opening: `step 2 of 3 expects "hello"`. */
  underWay(slot: Slot): string;
  /** The same, once it has taken too long: `step 2 of 3 expects "hello", which did not come`. */
  awaited(slot: Slot): string;
  /** Does what is due by the clock. @returns ms until something is due again */
  step(nowMs: number, isOpen: (slot: Slot) => boolean): number;
  /** Keeps nothing of it any more. */
  forget(slot: Slot): void;
  /** A message with this payload as the protocol below carries it; undefined: the payload as it is. */
  message(slot: Slot, payload: Uint8Array): Uint8Array | undefined;
  /** The smallest sign of life, as a message of the protocol below; undefined: that has its own. */
  readonly heartbeat: Uint8Array | undefined;
  /** Last words of an open connection, as a message of the protocol below. */
  readonly goodbye: Uint8Array | undefined;
}

export interface CourseDeps {
  readonly slots: number;
  /** The protocol below has no messages. */
  readonly isStream: boolean;
  readonly identities: Identities;
  readonly fill: FillText;
  readonly now: () => number;
  /** Told of each step that is begun, from 0; nobody asks in a run. */
  readonly onStep?: ((slot: Slot, step: number) => void) | undefined;
}

/** What a course finds. The slot may be released within. */
export interface CourseEvents {
  /** It counts as open. */
  onDone(slot: Slot): void;
  /** It never will. */
  onRefused(slot: Slot, detail: string): void;
  /** It is open, and can't stay so. */
  onBroken(slot: Slot, detail: string, reason: 'protocol-error' | 'too-large'): void;
  /** It is open, and the peer says that it ends it; for people. */
  onFarewell(slot: Slot, detail: string): void;
  /** A message to be sent. */
  say(slot: Slot, payload: Uint8Array, isText: boolean): void;
  /** What came on an open connection, as {@link ProtocolEvents.onPayload}. */
  onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void;
}
