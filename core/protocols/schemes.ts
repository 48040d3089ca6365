/** A protocol with what carries it, in one word, as a URL begins: `ws`, `wss`. */
import type { ProtocolName } from './names.ts';

/** What lies between the socket and the protocol: nothing, or TLS. */
export const TRANSPORTS = ['plain', 'tls'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

interface Carried {
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
  /** Which port a URL is told to name, where it names none. */
  readonly usualPort: number;
  /** What the built-in server listens at, unless it is told otherwise. */
  readonly servedPort: number;
}

const TABLE = {
  tcp: { protocol: 'tcp', transport: 'plain', usualPort: 3000, servedPort: 9101 },
  ws: { protocol: 'ws', transport: 'plain', usualPort: 80, servedPort: 9001 },
  http: { protocol: 'http', transport: 'plain', usualPort: 80, servedPort: 9201 },
  tls: { protocol: 'tcp', transport: 'tls', usualPort: 443, servedPort: 9401 },
  wss: { protocol: 'ws', transport: 'tls', usualPort: 443, servedPort: 9301 },
  https: { protocol: 'http', transport: 'tls', usualPort: 443, servedPort: 9501 },
  sse: { protocol: 'sse', transport: 'plain', usualPort: 80, servedPort: 9601 },
  sses: { protocol: 'sse', transport: 'tls', usualPort: 443, servedPort: 9701 },
} as const satisfies Record<string, Carried>;

/** Closed list: legs are called so, and it labels metrics of the server. */
export const SCHEMES = Object.keys(TABLE) as [SchemeName, ...SchemeName[]];
export type SchemeName = keyof typeof TABLE;
/** What is run and served unless somebody says otherwise. */
export const DEFAULT_SCHEMES = ['tcp', 'ws'] as const satisfies readonly SchemeName[];

export const isSchemeName = (text: string): text is SchemeName => Object.hasOwn(TABLE, text);

/** What a scheme stands for. */
export const toCarried = (scheme: SchemeName): Carried => TABLE[scheme];

/** The scheme of a protocol over a transport. */
export const toScheme = (protocol: ProtocolName, transport: TransportName): SchemeName =>
  SCHEMES.find((name) => TABLE[name].protocol === protocol && TABLE[name].transport === transport)!;

/** The same URL over a transport: `ws://h:1` is `wss://h:1` over TLS. What has no scheme of ours stays as it is. */
export function overTransport(url: string, transport: TransportName): string {
  const own = url.slice(0, url.indexOf(':')).toLowerCase();
  return isSchemeName(own) ? toScheme(TABLE[own].protocol, transport) + url.slice(own.length) : url;
}

/** One value for each scheme, by its name. */
export const mapSchemes = <T>(make: (name: SchemeName) => T): Record<SchemeName, T> =>
  Object.fromEntries(SCHEMES.map((name) => [name, make(name)])) as Record<SchemeName, T>;
