import { isUtf8 } from 'node:buffer';

/** Status codes of RFC 6455, section 7.4, that we send. */
export const CLOSE = { normal: 1000, protocolError: 1002, invalidPayload: 1007, tooBig: 1009 } as const;

/** What a close frame's payload says. `code` is undefined when the payload is empty, which is allowed. */
export interface CloseStatement {
  readonly code: number | undefined;
  /** For people: `1001 going away`, or that there was no code. */
  readonly text: string;
}
export interface CloseViolation {
  readonly violation: number;
  readonly detail: string;
}

/**
 * Reads the payload of a close frame.
 *
 * @returns the statement, or how it breaks the protocol and the status code that says so
 */
export function readClose(payload: Uint8Array): CloseStatement | CloseViolation {
  if (payload.length === 0) return { code: undefined, text: 'close frame without a code' };
  if (payload.length === 1) return { violation: CLOSE.protocolError, detail: 'close frame with half a status code' };
  const code = payload[0]! * 256 + payload[1]!;
  if (!mayBeSent(code)) return { violation: CLOSE.protocolError, detail: `close frame with invalid code ${code}` };
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) {
    return { violation: CLOSE.invalidPayload, detail: `close frame ${code} with a reason that is not UTF-8` };
  }
  return { code, text: reason.length === 0 ? `close ${code}` : `close ${code} ${Buffer.from(reason).toString()}` };
}

/** 1004 to 1006 and 1015 are reserved for use inside an endpoint; 1016 to 2999 are for future standards. */
function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}
