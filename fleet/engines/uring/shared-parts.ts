import type { Slot } from '../../protocols/protocol.ts';
import type { Rings } from './rings.ts';

/** What the parts of an engine work on, by slot. */
export interface SharedParts {
  readonly rings: Rings;
  readonly states: Uint16Array;
  /** Completions that are yet to be told of a slot. */
  readonly untold: Uint8Array;
  /** Its socket is broken. */
  readonly fail: (slot: Slot, errno: number) => void;
}
