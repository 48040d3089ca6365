import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { type Answer, sentence } from './answer.ts';
import { type Rate, RateLimit } from './rate-limit.ts';

/** Which peers may ask. */
export interface Access {
  /** What a request has to know; undefined: nothing, which is for loopback alone. */
  readonly token: string | undefined;
  /** Names under which requests may come, besides addresses and `localhost`. */
  readonly names: readonly string[];
}

/** What the guard looks at of a request. */
export interface GuardedRequest {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The peer's IP address. */
  readonly from: string;
}

/** Requests for each who asks: a scraper needs one in some seconds, a person's page a few. */
export const RATE: Rate = { perSecond: 100, burst: 200 };

/**
 * Decides on each request before any page is made.
 *
 * - 429: too many. A peer that knows the token is counted apart, so that nobody else can use up its share.
 * - 405, 413: all there is here is GET (and HEAD), and no request has a body.
 * - 403: the name it came to isn't ours. A web page somewhere may have its own name point to this address (DNS
 *   rebinding), and so get its reader's browser to read us; an address in the Host header proves that this isn't so.
 *   Nor may a page of another site have parts fetched from here, since a collection is forced by GET too.
 * - 401: there is a token, and the request doesn't know it.
 *
 * @returns why not; undefined: it may be answered
 */
export function createGuard(
  { token, names }: Access,
  rate: Rate = RATE,
  now: () => number = () => performance.now(),
): (asked: GuardedRequest) => Answer | undefined {
  const limit = new RateLimit(rate, now);
  const known = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  const digest = token === undefined ? undefined : digestOf(token);
  return ({ method, headers, from }) => {
    const isTrusted = digest !== undefined && timingSafeEqual(digestOf(tokenIn(headers)), digest);
    if (!limit.take(isTrusted ? 'token' : from)) {
      return sentence(429, `at most ${rate.perSecond} requests a second`, { 'Retry-After': '1' });
    }
    if (method !== 'GET' && method !== 'HEAD') return sentence(405, 'GET only', { Allow: 'GET, HEAD' });
    if (hasBody(headers)) return sentence(413, 'a request here has no body', { Connection: 'close' });
    const name = nameIn(headers.host);
    if (name === undefined || (isIP(name) === 0 && !known.has(name))) {
      return sentence(
        403,
        `${headers.host ?? 'no host'} is not a name of this endpoint; ask for its IP address, or see --admin-names`,
      );
    }
    if (isPartOfForeignPage(headers)) return sentence(403, 'pages of other sites get nothing from here');
    if (digest !== undefined && !isTrusted) {
      return sentence(401, 'a token is needed: Authorization: Bearer <token>, or as the password to any name', {
        // One line each: browsers look at the first challenge of a line only.
        'WWW-Authenticate': ['Bearer', 'Basic realm="connrig"'],
      });
    }
    return undefined;
  };
}

/** It has one length whatever it is made of, so that comparing takes one time whatever is compared. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** As a bearer's; or as the password of any name, which is how a browser asks a person for it. */
function tokenIn({ authorization = '' }: IncomingHttpHeaders): string {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return credentials;
  return Buffer.from(credentials, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
}

const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

/** The name or address in a Host header, without port and brackets; undefined when it is none. */
export function nameIn(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@]+))(?::\d*)?$/i.exec(header ?? '');
  // A full name may end with a dot.
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/** Browsers say so by themselves; what a person navigates to is theirs to see. */
function isPartOfForeignPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'none' || site === 'same-origin') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}
