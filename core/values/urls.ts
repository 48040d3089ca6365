import { isProtocolName, PROTOCOLS, type ProtocolName } from '../protocols/names.ts';
import { DESCRIPTORS } from '../protocols/protocols.ts';
import { redactBroken, redactUrl } from './secrets.ts';

/** A target's address as a person gave it: one host, one port or a range of ports. */
export interface TargetUrl {
  readonly protocol: ProtocolName;
  /** Host name or IP, without brackets. */
  readonly host: string;
  /** Ascending, at least one. More than one when the URL names a range (`:9001-9060`). */
  readonly ports: readonly number[];
  /** Request target of the upgrade, or of http's requests, with query; `/` for tcp, which has none. For the server alone. */
  readonly path: string;
  /** As it may be recorded and shown: without the values of its query. */
  readonly text: string;
}

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s/:?#@[\]]+):(\d+)(?:-(\d+))?([/?][^\s#]*)?$/i;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^#]*)(#.*)?$/is;
const HOST = /^(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^:[\]@]+)$/i;
const PLACE = /^(?:\[[^\]]*\]|[^:]*)(?::\d+(?:-\d+)?)?$/;
const NO_HOST_SIGN = /[^\w.~-]/;

/**
 * Reads `ws://host:port/path`, `http://host:port/path`, `tcp://host:port` or a port range `ws://127.0.0.1:9001-9060`.
 *
 * @returns the target, or a sentence that says what is wrong and what to write instead
 */
export function parseTargetUrl(text: string): TargetUrl | string {
  const wrong = problemOf(text);
  if (wrong !== undefined) return `"${redactBroken(text)}" is not a target URL: ${wrong}`;
  const [, scheme = '', host = '', first = '', last = first, path = '/'] = SHAPE.exec(text)!;
  const [from, to] = [Number(first), Number(last)];
  return {
    protocol: scheme.toLowerCase() as ProtocolName,
    // In a URL the % of a zone may be written as %25 (RFC 6874).
    host: host.replace(/^\[|\]$/g, '').replace(/%25(?=.)/, '%'),
    ports: Array.from({ length: to - from + 1 }, (_, i) => from + i),
    path: path.startsWith('/') ? path : `/${path}`,
    text: redactUrl(text),
  };
}

/** @returns undefined when nothing is wrong */
function problemOf(text: string): string | undefined {
  const shown = redactBroken(text);
  if (text === '') return `it is empty; ${LIKE}`;
  if (/[\s\p{Cc}]/u.test(text)) return 'it has a space or a line break in it; in a path write %20';
  if (/^(?:[a-z+]*unix:|[/.~])/i.test(text)) {
    return 'it names a unix socket, and only TCP is measured; let the server listen at a port as well: tcp://127.0.0.1:3000';
  }
  const [, scheme, authority = '', path = '', fragment] = PARTS.exec(text) ?? [];
  if (scheme === undefined) return schemeless(text, shown);
  const protocol = scheme.toLowerCase();
  // A password with a slash in it, as it isn't allowed to have, ends the authority early.
  if (authority.includes('@') || (path.includes('@') && !PLACE.test(authority))) {
    return `it has a user and a password in it, which no connection here sends; leave them out, and give a server that takes a token in its query that: ${withoutUser(shown)}`;
  }
  if (!isProtocolName(protocol)) return foreignScheme(protocol, authority);
  return (
    problemOfAuthority(protocol, authority, redactUrl(path)) ??
    (fragment === undefined ? undefined : 'no server sees what follows a #; leave it out') ??
    (!DESCRIPTORS[protocol].hasPath && path !== '' && path !== '/'
      ? `${protocol} has no path; leave it out: ${protocol}://${authority}`
      : undefined)
  );
}

const LIKE = 'write one such as ws://127.0.0.1:3000/path or tcp://127.0.0.1:3000-3009';
const SCHEMES = `the scheme is one of ${PROTOCOLS.map((name) => `${name}://`).join(', ')}`;

function schemeless(text: string, shown: string): string {
  const [, own = '', place = ''] = /^([a-z]+):\/?(?=[^/])(.*:\d.*)$/i.exec(shown) ?? [];
  if (isProtocolName(own.toLowerCase()))
    return `two slashes go behind its scheme; write ${own.toLowerCase()}://${place}`;
  const rest = shown.replace(/^[a-z][a-z0-9+.-]*:\/?(?=[^\d/].*:\d)/i, '');
  if (/^(?:\[[^\]]+\]|[^/:?#]+):\d/.test(rest)) {
    return `it has no scheme; write ${PROTOCOLS.map((name) => `${name}://${DESCRIPTORS[name].hasPath ? rest : rest.split(/[/?#]/)[0]}`).join(', or ')}`;
  }
  return text.includes(':') && !/^\w+:/.test(text)
    ? `it has no scheme, and an IPv6 address goes into brackets; ${LIKE}`
    : `a scheme and a port are missing; ${LIKE}`;
}

/** Schemes whose connections are encrypted, and what they are without. */
const ENCRYPTED: Readonly<Record<string, ProtocolName>> = {
  wss: 'ws',
  https: 'http',
  tls: 'tcp',
  ssl: 'tcp',
  tcps: 'tcp',
  rediss: 'tcp',
  mqtts: 'tcp',
  amqps: 'tcp',
  grpcs: 'tcp',
  ldaps: 'tcp',
  ftps: 'tcp',
  imaps: 'tcp',
  smtps: 'tcp',
  quic: 'tcp',
};
const USUAL_PORT: Readonly<Record<string, number>> = {
  redis: 6379,
  mqtt: 1883,
  amqp: 5672,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  nats: 4222,
  grpc: 50051,
  mongodb: 27017,
  memcached: 11211,
  ftp: 21,
  ssh: 22,
  smtp: 25,
};

function foreignScheme(scheme: string, authority: string): string {
  const plain = ENCRYPTED[scheme];
  if (plain !== undefined) {
    const instead = `${plain}://127.0.0.1:${DESCRIPTORS[plain].plainPort}`;
    return `TLS isn't supported yet; measure behind what ends it, at the port where the server speaks plainly, such as ${instead}; ${SCHEMES}`;
  }
  const port = /:\d+$/.test(authority) ? '' : `:${USUAL_PORT[scheme] ?? 3000}`;
  return `${scheme} is not spoken here, but its connections can be held: connrig run tcp://${authority || 'host'}${port}; ${SCHEMES}`;
}

function problemOfAuthority(protocol: ProtocolName, authority: string, path: string): string | undefined {
  if (!authority.startsWith('[') && authority.split(':').length > 2) {
    if (!/^[\da-f:.]+(?:%[\w.-]+)?(?::\d+)?$/i.test(authority))
      return `${authority} has more than one port; ranges are written 9001-9004`;
    const [, host = authority, port = '3000'] = /^(.*[^:]):(\d+)$/.exec(authority) ?? [];
    return `an IPv6 address goes into brackets: ${protocol}://[${host}]:${port}${path}`;
  }
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (host === '') return `it has no host; for this machine write ${protocol}://127.0.0.1:${port || 3000}${path}`;
  if (/[^!-~]/.test(host)) {
    const ascii = asciiOf(host);
    return `a host name has only ASCII letters${ascii ? `; write ${protocol}://${ascii}:${port || 80}${path}` : ''}`;
  }
  if (!HOST.test(host))
    return `${host} is no IPv6 address; write one such as ${protocol}://[::1]:${port || 3000}${path}`;
  if (!host.startsWith('[') && NO_HOST_SIGN.test(host)) return `no host is called ${host}; ${LIKE}`;
  if (port === undefined || port === '') {
    return `a port is missing; write ${protocol}://${host}:${DESCRIPTORS[protocol].usualPort}${path}, or whichever it listens at`;
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
