import {
  bad,
  isInterim,
  named,
  type Refusal,
  type ResponseHead,
  readHeaders,
  readStatusLine,
  tokensOf,
} from './http-head.ts';
import { redirectDetail } from './redirect.ts';
import { wantsTls } from './stranger.ts';
import { type DeflateMode, type DeflateTerms, judgeExtensions } from './ws-extension.ts';

/** The connection is a WebSocket now. */
export interface Accepted {
  /** How messages may be compressed; undefined: they may not. */
  readonly deflate: DeflateTerms | undefined;
}

/** What a client offered in its upgrade request. */
export interface UpgradeOffer {
  /** How permessage-deflate may be used. */
  readonly deflate: DeflateMode;
  readonly subprotocols: readonly string[];
}

/**
 * Judges a whole response head by RFC 6455, section 4.1. A server that was offered subprotocols has to take one of them: what
 * it would hold otherwise is no connection of the kind that was asked for.
 *
 * @param head up to its empty line, which may be included
 * @param expectedAccept asked for only when the status is 101
 * @param behind what came behind the head: of a refusal the beginning of its body
 * @returns `interim` where a final answer has to follow
 */
export function judgeHead(
  head: string,
  expectedAccept: () => string,
  offered: UpgradeOffer,
  behind = '',
): Accepted | Refusal | 'interim' {
  const first = readStatusLine(head);
  if ('outcome' in first) return first;
  if (isInterim(first.status)) {
    const headers = readHeaders(head);
    return 'outcome' in headers ? headers : 'interim';
  }
  if (first.status !== 101) return { outcome: 'rejected', detail: rejectionOf(first, head, behind) };
  if (first.minor === 0) return bad('HTTP/1.0 has no upgrade');
  const headers = readHeaders(head);
  if ('outcome' in headers) return headers;
  return judgeHeaders(headers, expectedAccept(), offered);
}

/** A refusal whose headers are broken is one all the same. */
function rejectionOf({ status, statusText }: Omit<ResponseHead, 'headers'>, head: string, behind: string): string {
  if (wantsTls(status, behind)) return `${statusText}: the server wants TLS`;
  const read = readHeaders(head);
  const headers: ReadonlyMap<string, string> = 'outcome' in read ? new Map() : read;
  const redirected = redirectDetail(status, statusText, headers.get('location'));
  if (redirected !== undefined) return redirected;
  const isPage = status >= 200 && status < 300;
  return isPage ? `${statusText}, an ordinary answer in place of the upgrade` : statusText;
}

function judgeHeaders(
  headers: ReadonlyMap<string, string>,
  expectedAccept: string,
  { deflate: offered, subprotocols }: UpgradeOffer,
): Accepted | Refusal {
  const upgrade = headers.get('upgrade');
  if (upgrade?.toLowerCase() !== 'websocket') return bad(`Upgrade header is ${named(upgrade)}, not websocket`);
  const connection = headers.get('connection');
  if (!tokensOf(connection).includes('upgrade')) {
    return bad(`Connection header is ${named(connection)}, without upgrade`);
  }
  const accept = headers.get('sec-websocket-accept');
  if (accept !== expectedAccept) {
    return bad(`Sec-WebSocket-Accept is ${named(accept)}, not the answer to our key: ${named(expectedAccept)}`);
  }
  const deflate = judgeExtensions(headers.get('sec-websocket-extensions'), offered);
  if (deflate && 'outcome' in deflate) return deflate;
  const subprotocol = headers.get('sec-websocket-protocol');
  if (subprotocol && !subprotocols.includes(subprotocol)) {
    return bad(`the server chose subprotocol ${named(subprotocol)}, which was not offered`);
  }
  if (!subprotocol && subprotocols.length > 0) {
    return {
      outcome: 'opening-refused',
      detail: `the server took none of the subprotocols it was offered: ${subprotocols.join(', ')}`,
    };
  }
  return { deflate };
}

/**
 * The last good response head. A server says the same to everyone but for the accept value, so the next head needs to be
 * compared, not judged.
 */
export class KnownHead {
  #head: Buffer | undefined;
  #acceptAt = 0;
  #accepted: Accepted = { deflate: undefined };

  /** What it comes to. */
  get accepted(): Accepted {
    return this.#accepted;
  }

  /** @param head judged good, up to and with its empty line */
  remember(head: Buffer, accept: string, accepted: Accepted): void {
    const at = head.indexOf(accept, 0, 'latin1');
    if (at < 0) return;
    this.#head = Buffer.from(head);
    this.#acceptAt = at;
    this.#accepted = accepted;
  }

  /** @returns where the head in `bytes` ends, when it is the known one with this accept value; else 0 */
  endIn(bytes: Buffer, accept: string): number {
    const head = this.#head;
    const from = this.#acceptAt;
    const to = from + accept.length;
    if (!head || bytes.length < head.length) return 0;
    const same =
      head.compare(bytes, 0, from, 0, from) === 0 &&
      head.compare(bytes, to, head.length, to, head.length) === 0 &&
      bytes.toString('latin1', from, to) === accept;
    return same ? head.length : 0;
  }
}
