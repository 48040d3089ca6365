import { alertName } from '../transports/tls/alert-names.ts';

/** So many bytes of an answer that isn't HTTP/1.x tell which other protocol it is. */
const TOLD_BYTES = 9;
const TLS_RECORDS = { first: 0x14, last: 0x17, alert: 0x15 } as const;
const TLS_MAJOR = 3;
const TLS_ALERT_BYTES = 7;
/** Type of a server's first frame in HTTP/2 (RFC 9113, section 4.1). */
const SETTINGS = 4;
const HTTP_2_PREFACE = 'PRI * HTTP/2';

/**
 * What a server speaks that answers in another protocol than HTTP/1.x, for people.
 *
 * @returns empty when that can't be told from how the answer begins; undefined when more has to come
 */
export function strangerIn(bytes: Uint8Array): string | undefined {
  const [first = -1, second] = bytes;
  if (first >= TLS_RECORDS.first && first <= TLS_RECORDS.last && (second === undefined || second === TLS_MAJOR)) {
    if (bytes.length < TLS_ALERT_BYTES) return undefined;
    const alert = first === TLS_RECORDS.alert ? `an alert, ${alertName(bytes[6]!) ?? bytes[6]}` : 'a record';
    return `the server speaks TLS: its answer is ${alert}`;
  }
  if (first === 0 && (bytes.length < TOLD_BYTES ? couldBeSettings(bytes) : isSettings(bytes))) {
    return bytes.length < TOLD_BYTES ? undefined : 'the server speaks HTTP/2 only: its answer is a SETTINGS frame';
  }
  const text = Buffer.from(bytes.subarray(0, HTTP_2_PREFACE.length)).toString('latin1');
  return text === HTTP_2_PREFACE ? `the server speaks HTTP/2 only: its answer begins with ${text}` : '';
}

/** Whether the kind of frame, which is the fourth byte, can still be SETTINGS; its flags and stream are 0. */
const couldBeSettings = (bytes: Uint8Array): boolean =>
  bytes.every((byte, at) => at < 3 || byte === (at === 3 ? SETTINGS : 0));
const isSettings = (bytes: Uint8Array): boolean => couldBeSettings(bytes.subarray(0, TOLD_BYTES));

/** What a server that wants TLS says in HTTP to whoever comes without: nginx, Apache, Go, Jetty. */
const WANTS_TLS = /HTTPS (?:port|server)|SSL-enabled|requires TLS/i;

/** Whether a refusal in HTTP is one of these. @param body how it begins, as far as it came with the head */
export const wantsTls = (status: number, body: string): boolean => status === 400 && WANTS_TLS.test(body);
