import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import type { CloseReason } from '../../core/values/outcomes.ts';

/** Losses that are our own doing, since connections like these can't be kept: what the target does, and what helps. */
const GIVEN_UP: Readonly<
  Partial<Record<CloseReason, { readonly code: ErrorCode; readonly sentence: string; readonly hint: string }>>
> = {
  flood: {
    code: 'EGENERATOR',
    sentence: 'sends more than this client can read',
    hint: '--behaviour with fewer or smaller messages where those are its answers, or measure the target while it sends less',
  },
  'protocol-error': {
    code: 'EDROPPED',
    sentence: 'broke the protocol',
    hint: 'docs/protocols.md, for how strictly its words are read: a limit of the target has no part in it',
  },
  'slow-reader': {
    code: 'EDROPPED',
    sentence: 'does not take what it is sent',
    hint: '--behaviour with fewer or smaller messages, or look why the target does not read',
  },
  'too-large': {
    code: 'EDROPPED',
    sentence: 'sends messages that are larger than this client takes',
    hint: 'have the target send messages of 16 MiB at the most, and whole ones: a limit of the target has no part in it',
  },
};

/** @param howMany of the open connections, in words @param said what the first of them was told to be, in brackets */
export function givenUp(reason: CloseReason, url: string, howMany: string, said: string): RigError | undefined {
  const known = GIVEN_UP[reason];
  if (!known) return undefined;
  const text = `${url} ${known.sentence}: ${howMany} open connections had to be given up: ${reason}${said}`;
  return new RigError(known.code, text, { hint: known.hint });
}
