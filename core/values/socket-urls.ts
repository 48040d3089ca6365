import { DESCRIPTORS } from '../protocols/protocols.ts';
import { isSchemeName, SOCKET_SCHEMES, type SocketSchemeName, toCarried } from '../protocols/schemes.ts';
import { redactUrl } from './secrets.ts';

/** What a URL says of a Unix socket and of what is asked there. */
export interface SocketUrl {
  readonly scheme: SocketSchemeName;
  /** Absolute, as the system takes it. */
  readonly socketPath: string;
  /** Request target, with query; `/` where none is said. */
  readonly path: string;
  /** The same URL, with its parts where npm `ws` has them. */
  readonly canonical: string;
}

/** `sun_path` of `struct sockaddr_un` has 108 bytes, of which the last is 0 (unix(7)). */
export const MOST_SOCKET_PATH_BYTES = 107;

/** A URL of a Unix socket, or what was meant to be one. */
export const isSocketUrl = (text: string): boolean => /^[a-z]+\+unix:/i.test(text);

/**
 * Reads `ws+unix:///run/app.sock:/chat?room=1`: the path of the socket ends at the first colon, as in npm `ws`. A colon in it is
 * written %3A. The way that others write it is taken as well: `http+unix://%2Frun%2Fapp.sock/chat`.
 *
 * @returns a sentence's end where it can't be read
 */
export function readSocketUrl(text: string): SocketUrl | string {
  const [, given = '', rest = ''] = /^([a-z]+\+unix):(?:\/\/)?([\s\S]*)$/i.exec(text) ?? [];
  const scheme = given.toLowerCase();
  const shown = redactUrl(rest);
  if (!isOfSocket(scheme)) return whyNot(scheme, shown);
  const [encoded, request] = partsOf(rest);
  const path = decoded(encoded);
  const problem = problemOfPath(scheme, path, shown) ?? problemOfRequest(scheme, encoded, request, shown);
  if (problem !== undefined) return problem;
  const canonical = `${scheme}://${encoded.replace(/%2f/gi, '/')}${request === '' ? '' : `:${request}`}`;
  return { scheme, socketPath: path!, path: request.startsWith('/') ? request : `/${request}`, canonical };
}

/** What names a socket and has no scheme: `unix:/run/app.sock`, `./app.sock`. @returns a sentence's end */
export function schemelessSocket(text: string): string {
  const path = redactUrl(text).replace(/^unix:(?:\/\/)?/i, '');
  return `it names a Unix socket without a scheme; write tcp+unix://${absolute(path)}, or ws+unix://${absolute(path)}:/path`;
}

const isOfSocket = (scheme: string): scheme is SocketSchemeName =>
  isSchemeName(scheme) && (SOCKET_SCHEMES as readonly string[]).includes(scheme);

const OVER_TLS: Readonly<Record<string, SocketSchemeName>> = {
  'tls+unix': 'tcp+unix',
  'wss+unix': 'ws+unix',
  'https+unix': 'http+unix',
};

function whyNot(scheme: string, rest: string): string {
  const plain = OVER_TLS[scheme];
  if (plain !== undefined) {
    return `TLS is not spoken at a Unix socket, which nobody can listen in on; let the server listen plainly there: ${plain}://${rest}`;
  }
  return `${scheme} is not spoken here; at a Unix socket the scheme is one of ${SOCKET_SCHEMES.map((name) => `${name}://`).join(', ')}`;
}

/** The socket's path as it is written, and what is behind it. */
function partsOf(rest: string): [encoded: string, request: string] {
  const [, quoted, behind] = /^(%2f[^/?:]*)([/?][\s\S]*)?$/i.exec(rest) ?? [];
  if (quoted !== undefined) return [quoted, behind ?? ''];
  const colon = rest.indexOf(':');
  return colon < 0 ? [rest, ''] : [rest.slice(0, colon), rest.slice(colon + 1)];
}

/** @returns undefined for what is no UTF-8 */
function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function problemOfPath(scheme: SocketSchemeName, path: string | undefined, shown: string): string | undefined {
  if (path === undefined) return 'a % in the path of a socket is written %25';
  if (path === '') return `the path of a socket is missing; write ${scheme}:///run/app.sock`;
  if (/^[@\0]/.test(path)) {
    return `an abstract socket has no path, and is not reached from here; let the server listen at a path as well: ${scheme}:///run/app.sock`;
  }
  if (path.includes('\0')) return 'no path has a 0 byte in it';
  if (!path.startsWith('/')) {
    return `the path of a socket begins with a slash, so that it is the same for everybody; write ${scheme}://${absolute(shown)}`;
  }
  if (path.endsWith('/'))
    return `it names a folder; write the socket in it: ${scheme}://${shown.split(':')[0]}app.sock`;
  const bytes = Buffer.byteLength(path);
  return bytes <= MOST_SOCKET_PATH_BYTES
    ? undefined
    : `the path of a socket has ${MOST_SOCKET_PATH_BYTES} bytes at the most, and this one has ${bytes}; a link to its folder makes it shorter: ln -s ${path.slice(0, path.lastIndexOf('/'))} /tmp/s`;
}

function problemOfRequest(
  scheme: SocketSchemeName,
  encoded: string,
  request: string,
  shown: string,
): string | undefined {
  if (encoded.includes('#') || request.includes('#')) return 'no server sees what follows a #; leave it out';
  if (encoded.includes('?')) {
    const [socket = '', ...query] = shown.split('?');
    return `between the socket and what the server is asked there is a colon; write ${scheme}://${socket}:/?${query.join('?')}`;
  }
  if (request !== '' && !/^[/?]/.test(request)) {
    return `a colon ends the path of the socket, and what the server is asked begins with a slash; in the path itself a colon is written %3A: ${scheme}://${shown.replaceAll(':', '%3A')}`;
  }
  return DESCRIPTORS[toCarried(scheme).protocol].hasPath || request === '' || request === '/'
    ? undefined
    : `${scheme} has no path but the socket's; leave the other out: ${scheme}://${encoded}`;
}

/** As a shell fills it in. */
const absolute = (path: string): string =>
  path.startsWith('/')
    ? path
    : path.startsWith('~/')
      ? `$HOME${path.slice(1)}`
      : `$PWD/${path.replace(/^(?:\.\/)+/, '')}`;
