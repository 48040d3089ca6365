/** By number, as IANA has them in its registry of TLS alerts. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
};

/** What those mostly mean that a client brings about. */
const MEANINGS: Readonly<Record<number, string>> = {
  40: 'nothing that both ends can, or it wants a certificate',
  42: "it doesn't take our certificate",
  43: "it doesn't take our certificate",
  46: "it doesn't take our certificate",
  48: "it doesn't trust our certificate",
  70: "it doesn't speak the versions that we do",
  71: 'what we can is too weak for it',
  112: 'it has nothing for the name that we ask for',
  116: 'it wants a certificate of ours',
  120: 'it speaks nothing of what we offer by ALPN',
};

/** What one means that comes on an open connection, where that is something else. */
const MEANINGS_WHEN_OPEN: Readonly<Record<number, string>> = {
  40: 'it wanted to shake hands once more (renegotiation), which is declined here, or it wants a certificate',
};

/** undefined: IANA has none. */
export const alertName = (alert: number): string | undefined => NAMES[alert];

/** For people: `handshake_failure (40): nothing that both ends can, or it wants a certificate`. */
export function describeAlert(alert: number, isOpen = false): string {
  const meaning = (isOpen ? MEANINGS_WHEN_OPEN[alert] : undefined) ?? MEANINGS[alert];
  return `${alertName(alert) ?? 'unknown'} (${alert})${meaning === undefined ? '' : `: ${meaning}`}`;
}
