import type { Slot } from '../protocols/protocol.ts';
import type { Codec } from './codecs/codec.ts';
import type { OnRule } from './compiled.ts';
import type { CourseEvents } from './course.ts';
import type { StepProgress } from './progress.ts';

/** Takes what servers say apart, and hands it to steps and rules. */
export interface Ear {
  /** While it is opening; what is behind the last step counts as heard while open. */
  hearFirst(slot: Slot, bytes: Buffer, last: boolean): void;
  hearOpen(slot: Slot, bytes: Buffer, last: boolean): void;
  /** It has waited, and goes on with what was said meanwhile. */
  onWaited(slot: Slot): void;
  forget(slot: Slot): void;
}

export interface EarParts {
  readonly on: readonly OnRule[];
  readonly progress: StepProgress;
  readonly events: CourseEvents;
  /** Where messages are packets. */
  readonly codec: Codec | undefined;
  /** What came, for people. */
  readonly describe: (slot: Slot, message: Buffer) => string;
}

/** The same for every step that had to read too much. */
export const tooLong = (described: string, mostBytes: number): string =>
  `the server said more than ${mostBytes} bytes in one message, which begins with ${described}`;
