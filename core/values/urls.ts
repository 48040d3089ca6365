import { PROTOCOLS, type ProtocolName } from '../protocols/names.ts';
import { DESCRIPTORS } from '../protocols/protocols.ts';
import {
  type FamilyName,
  familyOf,
  isPortScheme,
  PORT_SCHEMES,
  type PortSchemeName,
  type SchemeName,
  SOCKET_SCHEMES,
  type TransportName,
  toCarried,
  toScheme,
} from '../protocols/schemes.ts';
import { redactBroken, redactUrl } from './secrets.ts';
import { isSocketUrl, readSocketUrl, schemelessSocket } from './socket-urls.ts';

/** A target's address as a person gave it: one host, one port or a range of ports; or a Unix socket. */
export interface TargetUrl {
  readonly scheme: SchemeName;
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
  readonly family: FamilyName;
  /** Host name or IP, without brackets; `localhost` at a Unix socket, as servers hear it from curl. */
  readonly host: string;
  /** Ascending, at least one. More than one when the URL names a range (`:9001-9060`). None at a Unix socket. */
  readonly ports: readonly number[];
  /** Absolute path of a Unix socket. */
  readonly socketPath?: string;
  /** Request target of the upgrade, or of http's requests, with query; `/` for tcp, which has none. For the server alone. */
  readonly path: string;
  /** As it may be recorded and shown: without the values of its query. */
  readonly text: string;
}

/** The paths of those that are Unix sockets. */
export const socketPathsOf = (urls: readonly TargetUrl[]): string[] =>
  urls.flatMap(({ socketPath }) => socketPath ?? []);

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s/:?#@[\]]+):(\d+)(?:-(\d+))?([/?][^\s#]*)?$/i;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^#]*)(#.*)?$/is;
const HOST = /^(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^:[\]@]+)$/i;
const PLACE = /^(?:\[[^\]]*\]|[^:]*)(?::\d+(?:-\d+)?)?$/;
const NO_HOST_SIGN = /[^\w.~-]/;

/**
 * Reads `ws://host:port/path`, `https://host:port/path`, `tcp://host:port`, a port range `ws://127.0.0.1:9001-9060` or a Unix
 * socket `ws+unix:///run/app.sock:/path`.
 *
 * @returns the target, or a sentence that says what is wrong and what to write instead
 */
export function parseTargetUrl(text: string): TargetUrl | string {
  const wrong = problemOf(text);
  const socket = wrong === undefined && isSocketUrl(text) ? readSocketUrl(text) : undefined;
  const problem = typeof socket === 'string' ? socket : wrong;
  if (problem !== undefined) return `"${redactBroken(text)}" is not a target URL: ${problem}`;
  if (typeof socket === 'object') {
    const { scheme, socketPath, path, canonical } = socket;
    return { ...named(scheme), host: 'localhost', ports: [], socketPath, path, text: redactUrl(canonical) };
  }
  const [, scheme = '', host = '', first = '', last = first, path = '/'] = SHAPE.exec(text)!;
  const [from, to] = [Number(first), Number(last)];
  return {
    ...named(scheme.toLowerCase() as SchemeName),
    // In a URL the % of a zone may be written as %25 (RFC 6874).
    host: host.replace(/^\[|\]$/g, '').replace(/%25(?=.)/, '%'),
    ports: Array.from({ length: to - from + 1 }, (_, i) => from + i),
    path: path.startsWith('/') ? path : `/${path}`,
    text: redactUrl(text),
  };
}

/** What a scheme stands for. */
const named = (scheme: SchemeName): Pick<TargetUrl, 'scheme' | 'protocol' | 'transport' | 'family'> => {
  const { protocol, transport } = toCarried(scheme);
  return { scheme, protocol, transport, family: familyOf(scheme) };
};

/** @returns undefined when nothing is wrong */
function problemOf(text: string): string | undefined {
  const shown = redactBroken(text);
  if (text === '') return `it is empty; ${LIKE}`;
  if (/[\s\p{Cc}]/u.test(text)) return 'it has a space or a line break in it; in a path write %20';
  if (isSocketUrl(text)) return undefined;
  if (/^(?:unix:|[/.~])/i.test(text)) return schemelessSocket(text);
  const [, scheme, authority = '', path = '', fragment] = PARTS.exec(text) ?? [];
  if (scheme === undefined) return schemeless(text, shown);
  const own = scheme.toLowerCase();
  // A password with a slash in it, as it isn't allowed to have, ends the authority early.
  if (authority.includes('@') || (path.includes('@') && !PLACE.test(authority))) {
    return `it has a user and a password in it, which no connection here sends; leave them out, and give a server that takes a token in its query that: ${withoutUser(shown)}`;
  }
  if (!isPortScheme(own)) return foreignScheme(own, authority);
  const { protocol } = toCarried(own);
  return (
    problemOfAuthority(own, authority, redactUrl(path)) ??
    (fragment === undefined ? undefined : 'no server sees what follows a #; leave it out') ??
    (!DESCRIPTORS[protocol].hasPath && path !== '' && path !== '/'
      ? `${own} has no path; leave it out: ${own}://${authority}`
      : undefined)
  );
}

const LIKE = 'write one such as ws://127.0.0.1:3000/path or tcp://127.0.0.1:3000-3009';
const KNOWN = `the scheme is one of ${PORT_SCHEMES.map((name) => `${name}://`).join(', ')}, at a Unix socket ${SOCKET_SCHEMES.map((name) => `${name}://`).join(', ')}`;

function schemeless(text: string, shown: string): string {
  const [, own = '', place = ''] = /^([a-z]+):\/?(?=[^/])(.*:\d.*)$/i.exec(shown) ?? [];
  if (isPortScheme(own.toLowerCase())) return `two slashes go behind its scheme; write ${own.toLowerCase()}://${place}`;
  const rest = shown.replace(/^[a-z][a-z0-9+.-]*:\/?(?=[^\d/].*:\d)/i, '');
  if (/^(?:\[[^\]]+\]|[^/:?#]+):\d/.test(rest)) {
    const plain = PROTOCOLS.map((name) => `${name}://${DESCRIPTORS[name].hasPath ? rest : rest.split(/[/?#]/)[0]}`);
    const secured = PROTOCOLS.map((name) => `${toScheme(name, 'tls')}://`);
    return `it has no scheme; write ${plain.join(', or ')}; over TLS they are ${secured.slice(0, -1).join(', ')} and ${secured.at(-1)}`;
  }
  return text.includes(':') && !/^\w+:/.test(text)
    ? `it has no scheme, and an IPv6 address goes into brackets; ${LIKE}`
    : `a scheme and a port are missing; ${LIKE}`;
}

/** Protocols that aren't spoken, and where their servers listen; over TLS for those that are secured from the first byte. */
const FOREIGN: Readonly<Record<string, readonly [carrier: 'tcp' | 'tls', usualPort: number]>> = {
  redis: ['tcp', 6379],
  rediss: ['tls', 6380],
  mqtt: ['tcp', 1883],
  mqtts: ['tls', 8883],
  stomp: ['tcp', 61_613],
  stomps: ['tls', 61_614],
  amqp: ['tcp', 5672],
  amqps: ['tls', 5671],
  grpc: ['tcp', 50_051],
  grpcs: ['tls', 443],
  postgres: ['tcp', 5432],
  postgresql: ['tcp', 5432],
  mysql: ['tcp', 3306],
  nats: ['tcp', 4222],
  mongodb: ['tcp', 27_017],
  memcached: ['tcp', 11_211],
  ftp: ['tcp', 21],
  ftps: ['tls', 990],
  ssh: ['tcp', 22],
  smtp: ['tcp', 25],
  smtps: ['tls', 465],
  imaps: ['tls', 993],
  ldaps: ['tls', 636],
  ssl: ['tls', 443],
  tcps: ['tls', 443],
};
/** Which dialect speaks it. */
const DIALECTS: Readonly<Record<string, string>> = { mqtt: 'mqtt', mqtts: 'mqtt', stomp: 'stomp', stomps: 'stomp' };
/** Over UDP. */
const DATAGRAMS = ['quic', 'udp', 'dtls', 'http3'];

function foreignScheme(scheme: string, authority: string): string {
  if (DATAGRAMS.includes(scheme)) return `${scheme} goes over UDP, and only TCP is measured; ${KNOWN}`;
  const [carrier, usualPort] = FOREIGN[scheme] ?? ['tcp', 3000];
  const port = /:\d+$/.test(authority) ? '' : `:${usualPort}`;
  const url = `${carrier}://${authority || 'host'}${port}`;
  const dialect = DIALECTS[scheme];
  if (dialect !== undefined) return `${scheme} is a dialect: connrig run ${url} --dialect ${dialect}; ${KNOWN}`;
  return `${scheme} is not spoken here, but its connections can be held: connrig run ${url}; ${KNOWN}`;
}

function problemOfAuthority(scheme: PortSchemeName, authority: string, path: string): string | undefined {
  if (!authority.startsWith('[') && authority.split(':').length > 2) {
    if (!/^[\da-f:.]+(?:%[\w.-]+)?(?::\d+)?$/i.test(authority))
      return `${authority} has more than one port; ranges are written 9001-9004`;
    const [, host = authority, port = '3000'] = /^(.*[^:]):(\d+)$/.exec(authority) ?? [];
    return `an IPv6 address goes into brackets: ${scheme}://[${host}]:${port}${path}`;
  }
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (host === '') return `it has no host; for this machine write ${scheme}://127.0.0.1:${port || 3000}${path}`;
  if (/[^!-~]/.test(host)) {
    const ascii = asciiOf(host);
    return `a host name has only ASCII letters${ascii ? `; write ${scheme}://${ascii}:${port || 80}${path}` : ''}`;
  }
  if (!HOST.test(host)) return `${host} is no IPv6 address; write one such as ${scheme}://[::1]:${port || 3000}${path}`;
  if (!host.startsWith('[') && NO_HOST_SIGN.test(host)) return `no host is called ${host}; ${LIKE}`;
  if (port === undefined || port === '') {
    return `a port is missing; write ${scheme}://${host}:${toCarried(scheme).usualPort}${path}, or whichever it listens at`;
  }
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(port) ?? [];
  if (first === undefined) return `${port} is not a port; ports are numbers or ranges such as 9001-9004`;
  const [from, to] = [Number(first), Number(last)];
  if (from === 0) return `nobody listens at port 0; ports go from 1 to 65535, ranges upwards`;
  return to > 65_535 || from > to ? `ports go from 1 to 65535, ranges upwards, and ${port} does not` : undefined;
}

const withoutUser = (shown: string): string =>
  shown.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^@]*@/i, (_, scheme = '') => scheme);

/** As DNS has it; undefined for what no resolver takes. */
function asciiOf(host: string): string | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined;
}
