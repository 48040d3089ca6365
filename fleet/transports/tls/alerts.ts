/** The alerts that the record layer sends or knows: RFC 8446, section 6; the last of TLS 1.2 (RFC 5246, section 7.2). */
export const ALERT = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  internalError: 80,
  userCanceled: 90,
  noRenegotiation: 100,
} as const;

export const WARNING = 1;
export const FATAL = 2;
