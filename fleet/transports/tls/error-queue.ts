import type { OpenSsl } from './openssl.ts';

/** One error of the library, from its thread's queue. */
interface QueuedError {
  readonly library: number;
  readonly reason: number;
  /** `wrong version number`; a number when the library has no words for it. */
  readonly text: string;
}

/** `ERR_LIB_SSL` and `ERR_LIB_PEM` of `err.h`. */
export const ERR_LIB_SSL = 20;
export const ERR_LIB_PEM = 9;
const REASON_BITS = 23;
const REASON_MASK = 0x7fffff;
const LIBRARY_MASK = 0xff;

/** Empties the queue, which is the thread's and so Node's, too. @returns the oldest first */
export function takeErrors(openssl: OpenSsl): readonly QueuedError[] {
  const errors: QueuedError[] = [];
  for (let code = openssl.takeError(); code !== 0; code = openssl.takeError()) {
    const reason = code & REASON_MASK;
    const text = openssl.reasonText(code) ?? `error ${reason}`;
    errors.push({ library: (code >>> REASON_BITS) & LIBRARY_MASK, reason, text });
  }
  return errors;
}

/** The same for people. */
export const takeReasons = (openssl: OpenSsl): string =>
  [...new Set(takeErrors(openssl).map(({ text }) => text))].join(', ') || 'it says no reason';
