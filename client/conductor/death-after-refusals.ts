import { isPortScheme, isSchemeName, overTransport, toCarried } from '../../core/protocols/schemes.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import { humanCount } from '../../core/values/units.ts';
import { BEGINS_STREAM } from '../../fleet/protocols/http.ts';
import { locationIn } from '../../fleet/protocols/redirect.ts';
import type { Tally, Trouble } from '../../fleet/wire.ts';

/** Outcomes in which the target itself spoke; its death is no cause of them. */
const SPOKEN = ['rejected', 'bad-handshake'] as const satisfies readonly Outcome[];
type Spoken = (typeof SPOKEN)[number];

const MOST_SHOWN = 2;

/**
 * The death of a target, told with what attempts heard of it before: that it refused them all may be why it died, and is
 * what has to be put right first.
 */
export function deathAfter(death: RigError, { outcomes }: Tally, troubles: readonly Trouble[]): RigError {
  const most = SPOKEN.reduce((best, name) => (outcomes[name] > outcomes[best] ? name : best));
  const count = outcomes[most];
  if (count === 0) return death;
  const answered = outcomes.open + SPOKEN.reduce((sum, name) => sum + outcomes[name], 0);
  const all = count === 1 ? 'the only attempt' : `all ${humanCount(count)} attempts`;
  const whose = count === answered ? all : `${humanCount(count)} of ${humanCount(answered)} attempts`;
  const heard = `before that, ${whose} ${wordsOf(most, count, troubles)}`;
  return new RigError(death.code, `${death.message}; ${heard}`, { hint: death.hint, cause: death.cause });
}

function wordsOf(outcome: Spoken, count: number, troubles: readonly Trouble[]): string {
  const details = [...new Set(troubles.filter(({ what }) => what === outcome).map(({ detail }) => detail))];
  const shown = details.slice(0, MOST_SHOWN).join(' or ') + (details.length > MOST_SHOWN ? ' or others' : '');
  const were = count === 1 ? 'was' : 'were';
  return outcome === 'rejected' ? `${were} refused with ${shown}` : `got an answer that is no handshake (${shown})`;
}

/**
 * What to do about an answer, where its words tell.
 *
 * @param url what was asked
 * @returns undefined where they don't
 */
export function hintOfAnswer(detail: string, url: string): string | undefined {
  const location = locationIn(detail);
  if (location !== undefined) return hintOfLocation(location, url);
  if (detail.includes(WANTS_TLS) || detail.startsWith(SPEAKS_TLS)) {
    return `connrig run ${overTransport(url.replace(ADDRESS, ''), 'tls')}`;
  }
  if (detail.startsWith(BARE_LINE_FEEDS)) {
    return 'end its lines in CR LF (RFC 9112, section 2.2): clients in Node.js refuse LF alone as well';
  }
  if (detail.startsWith(SPEAKS_HTTP_2)) return 'connrig speaks HTTP/1.1: name a port that does, or allow it there';
  if (detail.startsWith(CLOSED_IN_TLS)) {
    return `openssl s_client -connect ${placeOf(url)}, to see what it agrees on, or read the log of the target`;
  }
  if (detail === NOTHING && SOCKET.test(url)) return 'read the log of the target';
  if (detail === NOTHING && isOverTls(url)) {
    return '--cert and --key, where it wants to see a certificate, or read the log of the target';
  }
  if (detail === NOTHING) {
    return `openssl s_client -connect ${placeOf(url)}, to see whether it wants TLS, or read the log of the target`;
  }
  if (detail.includes(WRONG_ACCEPT)) {
    return `printf %s '<key of the request>${WS_GUID}' | openssl sha1 -binary | base64, for what the server has to answer`;
  }
  if (detail.includes(OLD_HTTP)) {
    return `have the server speak HTTP/1.1, which keeps connections open (Python's http.server: protocol_version = 'HTTP/1.1')`;
  }
  if (AWAITED.test(detail) && STREAM.test(url)) {
    return 'does each text end as the server wants it? In YAML with double quotes: send: "text\\r\\n"; or --open-timeout with more time';
  }
  const trial = `connrig try ${url.replace(ADDRESS, '')}`;
  if (WANTS_SIGN_IN.test(detail)) {
    return `${trial} --header 'Authorization: Bearer <token>', or --cookie or --data, where it wants to know who connects`;
  }
  if (OWN_CLOSE.test(detail)) {
    return `${trial} shows what it wants to hear: --subprotocol, --header, --send-on-open or --dialect say it`;
  }
  if (detail.startsWith(NOT_FOUND) || (detail.startsWith(BAD_REQUEST) && WITHOUT_PATH.test(url.replace(ADDRESS, '')))) {
    return `is the path right? connrig run ${upToPath(url)}/<the path that the server knows>`;
  }
  if (detail.includes(BEGINS_STREAM)) return `connrig run ${url.replace(/^http/i, 'sse')}`;
  if (detail.endsWith(NO_UPGRADE)) return `connrig run ${upToPath(url)}/<the path that upgrades>`;
  return undefined;
}

const WANTS_TLS = 'the server wants TLS';
const SPEAKS_TLS = 'the server speaks TLS';
const BARE_LINE_FEEDS = 'the lines of the response head end in LF';
const SPEAKS_HTTP_2 = 'the server speaks HTTP/2';
/** Servers of TLS in Node.js say nothing to those who come without. */
const NOTHING = 'the server closed without an answer';
const CLOSED_IN_TLS = 'the peer closed in its TLS handshake';
const NO_UPGRADE = 'an ordinary answer in place of the upgrade';
const WRONG_ACCEPT = 'not the answer to our key';
/** What a server adds to the key of an upgrade (RFC 6455, section 1.3). */
const WS_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OLD_HTTP = 'HTTP/1.0 and no Connection: keep-alive';
const NOT_FOUND = 'HTTP 404';
const AWAITED = /step \d+ of \d+ expects .*which did not come within/s;
const STREAM = /^(?:tcp|tls)(?:\+unix)?:/i;
/** So npm ws answers at another path than its own. */
const BAD_REQUEST = 'HTTP 400';
const WITHOUT_PATH = /^wss?:\/\/[^/?]*\/?$|^ws\+unix:\/\/[^:]*$/i;
export const WANTS_SIGN_IN = /^HTTP 40[13]\b/;
/** Codes of applications, and that of a broken policy (RFC 6455, section 7.4): it isn't told in time what it wants to hear. */
const OWN_CLOSE = /^close (?:1008|4\d{3})\b/;
/** Up to the path, and the address that a name has led to; a range of ports is no URL to others. */
const AUTHORITY = /^([a-z]+:\/\/[^/\s]*).*$/i;
/** The same of a Unix socket, whose path ends at a colon. */
const SOCKET = /^([a-z]+\+unix:\/\/[^:\s]*).*$/i;
const upToPath = (url: string): string =>
  SOCKET.test(url) ? url.replace(SOCKET, '$1:') : url.replace(AUTHORITY, '$1');

const TLS_SCHEME = /^(?:https|wss):/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** Where a name has led to. */
const ADDRESS = / \(.*\)$/;

/** Host and port, the first of a range. */
const placeOf = (url: string): string =>
  upToPath(url)
    .replace(SCHEME, '')
    .replace(/^\/\/|-\d+$/g, '');

function isOverTls(url: string): boolean {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  return isSchemeName(scheme) && toCarried(scheme).transport === 'tls';
}

const hintOfLocation = (location: string, url: string): string => `connrig run ${resolved(location, url)}`;

function resolved(location: string, url: string): string {
  const scheme = url.slice(0, url.indexOf(':'));
  // It names a host, as if somebody had asked over TCP.
  if (SOCKET.test(url)) return upToPath(url) + location.replace(/^(?:[a-z]+:)?\/\/[^/?#]*/i, '');
  if (SCHEME.test(location)) {
    const address = location.replace(SCHEME, `${scheme}:`);
    return withPort(overTransport(address, TLS_SCHEME.test(location) ? 'tls' : 'plain'));
  }
  if (location.startsWith('//')) return `${scheme}:${location}`;
  const authority = upToPath(url);
  if (location.startsWith('/')) return `${authority}${location}`;
  const path = url.slice(authority.length).replace(/[?#].*$/s, '');
  return `${authority}${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${location}`;
}

/** A browser knows the port that isn't said, and here it has to be. */
function withPort(url: string): string {
  const scheme = url.slice(0, url.indexOf(':'));
  if (!isPortScheme(scheme)) return url;
  return url.replace(/^([a-z]+:\/\/(?:\[[^\]]*\]|[^/?#:]+))(?=[/?#]|$)/i, `$1:${toCarried(scheme).usualPort}`);
}
