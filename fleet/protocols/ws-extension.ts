import type { DeflateMode } from '../../core/schemas/leg.ts';
import { bad, named, type Refusal } from './http-head.ts';

/** What a client may ask for of permessage-deflate (RFC 7692). */
export type { DeflateMode };

/** What an upgrade request offers; with `off` it has no such header. */
export const DEFLATE_OFFERS: Readonly<Record<Exclude<DeflateMode, 'off'>, string>> = {
  /** What browsers offer: both ends may refer to earlier messages, and have to keep those for that. */
  on: 'permessage-deflate; client_max_window_bits',
  /** Each message stands for itself, both ways: nothing has to be kept between messages. */
  'no-context-takeover': 'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
};

/** On what terms messages may be compressed. */
export interface DeflateTerms {
  /** Ours may refer back by 2^this bytes at the most; 8 to 15. */
  readonly ownWindowBits: number;
  /** The server's may refer to earlier messages, up to 2^this bytes back; 0: to none, else 8 to 15. */
  readonly keptWindowBits: number;
}

const EXTENSION = 'permessage-deflate';
const PARAMETER = /^([a-z_]+)(?:=(?:(\w+)|"(\w+)"))?$/;
const WINDOW_BITS = /^(?:8|9|1[0-5])$/;
const LARGEST_WINDOW_BITS = 15;

/**
 * Judges what a server chose of our offer (RFC 7692, sections 5.1 and 7.1).
 *
 * @param header `Sec-WebSocket-Extensions` of its answer
 * @returns undefined when it chose nothing: it has declined what was offered, if anything was
 */
export function judgeExtensions(header: string | undefined, offered: DeflateMode): DeflateTerms | Refusal | undefined {
  if (!header) return undefined;
  const [name, ...parameters] = header.split(';').map((part) => part.trim());
  if (offered === 'off' || name !== EXTENSION) {
    return bad(`the server chose extension ${named(header)}, which was not offered`);
  }
  const chosen = new Map<string, string | undefined>();
  for (const parameter of parameters) {
    const [, key = '', bare, quoted] = PARAMETER.exec(parameter) ?? [];
    const value = bare ?? quoted;
    if (chosen.has(key) || !isAnswer(key, value, offered)) {
      return bad(`the server answered ${EXTENSION} with ${named(parameter)}, which the offer does not allow`);
    }
    chosen.set(key, value);
  }
  const takesOver = !chosen.has('server_no_context_takeover');
  if (takesOver && offered === 'no-context-takeover') {
    return bad(`the server accepted ${EXTENSION} without server_no_context_takeover, which was asked for`);
  }
  const bitsOf = (key: string): number => Number(chosen.get(key) ?? LARGEST_WINDOW_BITS);
  return {
    ownWindowBits: bitsOf('client_max_window_bits'),
    keptWindowBits: takesOver ? bitsOf('server_max_window_bits') : 0,
  };
}

function isAnswer(key: string, value: string | undefined, offered: DeflateMode): boolean {
  switch (key) {
    case 'client_no_context_takeover':
    case 'server_no_context_takeover':
      return value === undefined;
    case 'server_max_window_bits':
      return WINDOW_BITS.test(value ?? '');
    case 'client_max_window_bits':
      // Only who offered it may be told.
      return offered === 'on' && WINDOW_BITS.test(value ?? '');
    default:
      return false;
  }
}
