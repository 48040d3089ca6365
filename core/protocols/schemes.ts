/** A protocol with what carries it and how its target is addressed, in one word, as a URL begins: `ws`, `wss`, `ws+unix`. */
import type { ProtocolName } from './names.ts';

/** What lies between the socket and the protocol: nothing, or TLS. */
export const TRANSPORTS = ['plain', 'tls'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** How a target is addressed: by IP address and port, or by the path of a Unix socket. */
export const FAMILIES = ['inet', 'unix'] as const;
export type FamilyName = (typeof FAMILIES)[number];

interface Carried {
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
}

interface CarriedToPort extends Carried {
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
} as const satisfies Record<string, CarriedToPort>;

/** The same at a Unix socket, where nothing is secured: nobody but this machine's users is on the way. */
const AT_SOCKETS = {
  'tcp+unix': { protocol: 'tcp', transport: 'plain' },
  'ws+unix': { protocol: 'ws', transport: 'plain' },
  'http+unix': { protocol: 'http', transport: 'plain' },
  'sse+unix': { protocol: 'sse', transport: 'plain' },
} as const satisfies Record<string, Carried>;

export type PortSchemeName = keyof typeof TABLE;
export type SocketSchemeName = keyof typeof AT_SOCKETS;
export type SchemeName = PortSchemeName | SocketSchemeName;
export const PORT_SCHEMES = Object.keys(TABLE) as PortSchemeName[];
export const SOCKET_SCHEMES = Object.keys(AT_SOCKETS) as SocketSchemeName[];
/** Closed list: legs are called so, and it labels metrics of the server. */
export const SCHEMES = [...PORT_SCHEMES, ...SOCKET_SCHEMES] as [SchemeName, ...SchemeName[]];
/** What is run and served unless somebody says otherwise. */
export const DEFAULT_SCHEMES = ['tcp', 'ws'] as const satisfies readonly SchemeName[];

export const isPortScheme = (text: string): text is PortSchemeName => Object.hasOwn(TABLE, text);
const isSocketScheme = (text: string): text is SocketSchemeName => Object.hasOwn(AT_SOCKETS, text);
export const isSchemeName = (text: string): text is SchemeName => isPortScheme(text) || isSocketScheme(text);

/** What a scheme stands for. */
export const toCarried = <S extends SchemeName>(
  scheme: S,
): Carried & (S extends PortSchemeName ? CarriedToPort : unknown) =>
  ({ ...TABLE, ...AT_SOCKETS })[scheme] as Carried & (S extends PortSchemeName ? CarriedToPort : unknown);

export const familyOf = (scheme: SchemeName): FamilyName => (isPortScheme(scheme) ? 'inet' : 'unix');

/** The scheme of a protocol over a transport, at a port unless said. TLS at a Unix socket has none. */
export const toScheme = (protocol: ProtocolName, transport: TransportName, family: FamilyName = 'inet'): SchemeName =>
  SCHEMES.find((name) => {
    const one = toCarried(name);
    return one.protocol === protocol && one.transport === transport && familyOf(name) === family;
  })!;

/** The same URL over a transport: `ws://h:1` is `wss://h:1` over TLS. What has no port scheme of ours stays as it is. */
export function overTransport(url: string, transport: TransportName): string {
  const own = url.slice(0, url.indexOf(':')).toLowerCase();
  return isPortScheme(own) ? toScheme(toCarried(own).protocol, transport) + url.slice(own.length) : url;
}

/** One value for each scheme that goes to a port, by its name. */
export const mapPortSchemes = <T>(make: (name: PortSchemeName) => T): Record<PortSchemeName, T> =>
  Object.fromEntries(PORT_SCHEMES.map((name) => [name, make(name)])) as Record<PortSchemeName, T>;

/** One value for each scheme, by its name. */
export const mapSchemes = <T>(make: (name: SchemeName) => T): Record<SchemeName, T> =>
  Object.fromEntries(SCHEMES.map((name) => [name, make(name)])) as Record<SchemeName, T>;
