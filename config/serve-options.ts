import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { ProtocolName } from '../core/protocols/names.ts';
import {
  DEFAULT_SCHEMES,
  isPortScheme,
  mapPortSchemes,
  PORT_SCHEMES,
  type PortSchemeName,
  SCHEMES,
  SOCKET_SCHEMES,
  type SocketSchemeName,
  toCarried,
} from '../core/protocols/schemes.ts';
import type { Access } from '../telemetry/guard.ts';
import { ADMIN_OPTIONS, accessProblems, readAdminTls, toAccess } from './admin-options.ts';
import { jsonOption } from './json-option.ts';
import { list, type Option, type OptionTable, oneOf, onOff, quantity, type Read } from './option.ts';
import { type CommandLine, type OptionValues, readCommandLine } from './read-options.ts';
import { readServedCertificate, SERVED_CERTIFICATE_OPTIONS } from './served-certificate.ts';
import { readSocketPath } from './socket-path.ts';

const MAX_PROCESSES = 1024;
const MAX_SETTING = 2 ** 31 - 1;

interface PortOption extends Option<PortChoice> {
  readonly group: 'listening';
  readonly default: string;
}

const portOption = (name: string, port: string, help: string): PortOption => ({
  name: `${name}-port`,
  group: 'listening',
  argument: '<port>',
  help,
  default: port,
  read: readPort,
});

type PortKey = `${PortSchemeName}Port`;

/** A row for each scheme. */
const schemePorts = (): Record<PortKey, PortOption> => {
  const rows = PORT_SCHEMES.map((name): [PortKey, PortOption] => {
    const { servedPort } = toCarried(name);
    return [`${name}Port`, portOption(name, String(servedPort), `first ${name} port, or auto`)];
  });
  return Object.fromEntries(rows) as Record<PortKey, PortOption>;
};

type SocketKey = `${ProtocolName}Socket`;
const socketKey = (name: SocketSchemeName): SocketKey => `${toCarried(name).protocol}Socket`;

const schemeSockets = (): Record<
  SocketKey,
  Option<string> & { readonly group: 'listening'; readonly default: string }
> => {
  const rows = SOCKET_SCHEMES.map((name) => {
    const { protocol } = toCarried(name);
    const help = `where ${name} listens, or auto: in a folder of its own`;
    const option = { name: `${protocol}-socket`, group: 'listening', argument: '<path>', help, default: 'auto' };
    return [socketKey(name), { ...option, read: readSocketPath }];
  });
  return Object.fromEntries(rows);
};

/** Every option of `connrig serve`. */
export const SERVE_OPTIONS = {
  host: {
    name: 'host',
    group: 'listening',
    argument: '<address>',
    help: 'address to listen on',
    default: '127.0.0.1',
    read: readHost,
  },
  schemes: {
    name: 'protocol',
    group: 'listening',
    argument: '<list>',
    help: `what to serve (${SCHEMES.join(', ')})`,
    default: DEFAULT_SCHEMES.join(','),
    read: list(oneOf(SCHEMES)),
  },
  ...schemePorts(),
  ...schemeSockets(),
  ...SERVED_CERTIFICATE_OPTIONS,
  adminPort: portOption('admin', '9091', 'port of /metrics, /memory …, or auto'),
  adminHost: {
    name: 'admin-host',
    group: 'listening',
    argument: '<address>',
    help: 'address of that port',
    default: '127.0.0.1',
    read: readHost,
  },
  processes: {
    name: 'processes',
    group: 'listening',
    argument: '<count>',
    help: 'processes, each on its own ports counting upwards',
    default: '1',
    read: quantity('count', 1, MAX_PROCESSES),
  },
  ...ADMIN_OPTIONS,
  backlog: {
    name: 'backlog',
    group: 'limits',
    argument: '<count>',
    help: 'accept queue (default: the most the kernel allows)',
    read: quantity('count', 1, MAX_SETTING),
  },
  maxConnections: {
    name: 'max-connections',
    group: 'limits',
    argument: '<count>',
    help: 'refuse more than this (default: what the open-files limit allows)',
    read: quantity('count', 1, MAX_SETTING),
  },
  maxQueuedBytes: {
    name: 'max-queued',
    group: 'limits',
    argument: '<size>',
    help: 'for peers that do not read, all together; beyond it the largest are ended',
    default: '256MiB',
    read: quantity('bytes', 1, Number.MAX_SAFE_INTEGER),
  },
  handshakeTimeoutMs: {
    name: 'handshake-timeout',
    group: 'limits',
    argument: '<duration>',
    help: 'for the handshake of TLS and a complete request of ws and http',
    default: '10s',
    read: quantity('duration', 1, MAX_SETTING),
  },
  maxPayloadBytes: {
    name: 'max-payload',
    group: 'limits',
    argument: '<size>',
    help: 'largest ws message',
    default: '1MiB',
    read: quantity('bytes', 1, MAX_SETTING),
  },
  perMessageDeflate: {
    name: 'per-message-deflate',
    group: 'traffic',
    help: 'compress ws messages',
    default: 'false',
    read: onOff,
  },
  eventEveryMs: {
    name: 'event-every',
    group: 'traffic',
    argument: '<duration>',
    help: 'send an event on each event stream this often (default: never)',
    read: quantity('duration', 1, MAX_SETTING),
  },
  pollHoldMs: {
    name: 'poll-hold',
    group: 'traffic',
    argument: '<duration>',
    help: 'hold the answer of http to /poll this long',
    default: '30s',
    read: quantity('duration', 1, MAX_SETTING),
  },
  untilStdinEnds: {
    name: 'until-stdin-ends',
    group: 'limits',
    help: 'stop in order when stdin is closed',
    default: 'false',
    read: onOff,
  },
  json: jsonOption('one line of JSON on stdout when it can be connected to'),
} as const satisfies OptionTable;

/** A port a person named, or "find one". */
export type PortChoice = number | 'auto';

type Values = OptionValues<typeof SERVE_OPTIONS>;
/** They have been read. */
type NamesOfFiles = 'tlsCert' | 'tlsKey' | 'adminCert' | 'adminKey';

export type ServeConfig = Omit<
  Values,
  NamesOfFiles | 'adminToken' | 'adminNames' | 'adminPort' | PortKey | SocketKey
> & {
  readonly access: Access;
  /** The admin port is served with it over TLS; undefined: over plain HTTP. */
  readonly adminTls: CertificateAndKey | undefined;
  /** As it was given; undefined: one is to be made where something is served over TLS. */
  readonly certificate: CertificateAndKey | undefined;
  readonly ports: Readonly<Record<PortSchemeName | 'admin', PortChoice>>;
  /** Paths of Unix sockets, or `auto`; those of schemes that aren't served as well. */
  readonly sockets: Readonly<Record<SocketSchemeName, string>>;
};

/** @throws RigError EUSAGE with every problem there is */
export function readServeConfig(line: CommandLine): ServeConfig {
  let certificate: CertificateAndKey | undefined;
  let adminTls: CertificateAndKey | undefined;
  const values = readCommandLine('serve', SERVE_OPTIONS, line, (read) => {
    const problems = [
      ...accessProblems(`--admin-host ${read.adminHost}`, read.adminHost, read.adminToken),
      ...clashes(read.schemes.filter(isPortScheme), toPorts(read), read.processes),
      ...socketProblems(read),
    ];
    certificate = readServedCertificate(read, line.env, problems);
    adminTls = readAdminTls(read, line.env, problems);
    return problems;
  });
  const {
    adminToken,
    adminNames,
    adminPort: _,
    tlsCert: __,
    tlsKey: ___,
    adminCert: ____,
    adminKey: _____,
    tcpSocket: ______,
    wsSocket: _______,
    httpSocket: ________,
    sseSocket: _________,
    ...others
  } = values;
  // The ports stand in `ports`, by their schemes.
  const ports = toPorts(values);
  return Object.freeze({
    ...others,
    ports,
    sockets: toSockets(values),
    certificate,
    adminTls,
    access: toAccess({ adminToken, adminNames }),
  });
}

const toPorts = (values: Values): ServeConfig['ports'] => ({
  ...mapPortSchemes((name) => values[`${name}Port`]),
  admin: values.adminPort,
});

const toSockets = (values: Pick<Values, SocketKey>): ServeConfig['sockets'] =>
  Object.fromEntries(SOCKET_SCHEMES.map((name) => [name, values[socketKey(name)]])) as ServeConfig['sockets'];

/** A socket has one process that listens, or several would take turns at the same. */
function socketProblems({
  schemes,
  processes,
  ...values
}: Pick<Values, 'schemes' | 'processes' | SocketKey>): string[] {
  const served = schemes.filter((name): name is SocketSchemeName => !isPortScheme(name));
  const paths = served.map((name) => toSockets(values)[name]).filter((path) => path !== 'auto');
  const problems = new Set(paths).size < paths.length ? [`two of ${served.join(', ')} have the same path`] : [];
  return processes > 1 && served.length > 0
    ? [...problems, `--processes: one process listens at a Unix socket (${served.join(', ')}); leave it out`]
    : problems;
}

/** An IPv6 address may be in brackets. */
function readHost(given: string): Read<string> {
  const host = given.replace(/^\[|\]$/g, '');
  return host === '' ? { problem: 'it is empty' } : { value: host };
}

function readPort(given: string): Read<PortChoice> {
  if (given === 'auto') return { value: given };
  const port = /^\d+$/.test(given) ? Number(given) : 0;
  return port < 1 || port > 65_535
    ? { problem: `"${given}" is neither auto nor a port from 1 to 65535` }
    : { value: port };
}

/** Ports that two listeners would both want, once each process has its own. */
function clashes(schemes: readonly PortSchemeName[], ports: ServeConfig['ports'], processes: number): string[] {
  const ranges = [
    { name: 'admin', first: ports.admin, count: 1 },
    ...schemes.map((name) => ({ name, first: ports[name], count: processes })),
  ];
  const problems: string[] = [];
  for (const [i, a] of ranges.entries()) {
    if (a.first === 'auto') continue;
    if (a.first + a.count - 1 > 65_535)
      problems.push(`--${a.name}-port ${a.first} leaves no ${a.count} ports up to 65535`);
    for (const b of ranges.slice(i + 1)) {
      if (b.first === 'auto' || b.first >= a.first + a.count || a.first >= b.first + b.count) continue;
      problems.push(`--${a.name}-port ${a.first} and --${b.name}-port ${b.first} overlap`);
    }
  }
  return problems;
}
