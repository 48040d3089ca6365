import { strangerIn } from '../../protocols/stranger.ts';

/** Types of records, RFC 8446, section 5.1. */
const FIRST_RECORD = 20;
const HANDSHAKE = 22;
const LAST_RECORD = 23;
/** A record's head, and behind it the type of the first message. */
const MESSAGE_AT = 5;
const CLIENT_HELLO = 1;
const MOST_SHOWN = 60;
const MOST_SHOWN_BYTES = 16;

/**
 * What a peer said to our hello that speaks no TLS, for people.
 *
 * @param answer the first that came of it, not empty
 * @returns undefined: it is TLS, as far as can be seen
 */
export function strangerToTls(answer: Uint8Array): string | undefined {
  const [first = HANDSHAKE] = answer;
  if (first >= FIRST_RECORD && first <= LAST_RECORD) {
    const isEcho = first === HANDSHAKE && answer[MESSAGE_AT] === CLIENT_HELLO;
    return isEcho ? 'it speaks no TLS: it sent our own hello back, as an echo does' : undefined;
  }
  const text = Buffer.from(answer).toString('latin1');
  if (text.startsWith('HTTP/')) return `it speaks no TLS: it answered in plain HTTP: ${firstLine(text)}`;
  const known = strangerIn(answer);
  if (known) return `it speaks no TLS: ${known}`;
  const line = firstLine(text);
  // A line of text, but for what ends it.
  if (line.length > 1 && /^[\t\x20-\x7e]+$/.test(line)) return `it speaks no TLS: it answered in plain text: ${line}`;
  const shown = Buffer.from(answer.subarray(0, MOST_SHOWN_BYTES))
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
  return `it speaks no TLS: it answered ${answer.length} bytes that begin with ${shown}`;
}

const firstLine = (text: string): string => (text.split(/[\r\n]/, 1)[0] ?? '').slice(0, MOST_SHOWN);
