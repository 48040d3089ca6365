import { DEFAULT_PROTOCOLS, isProtocolName, PROTOCOLS, type ProtocolName } from '../core/protocols/names.ts';
import { usageError } from '../core/values/errors.ts';
import { parseQuantity, QUANTITIES, type QuantityKind } from '../core/values/units.ts';
import type { Access } from '../telemetry/guard.ts';
import { ADMIN_FLAGS, readAccess } from './admin-options.ts';
import type { CliDeps } from './deps.ts';

/** Every option of `connrig serve` with its default: the parser and `--help` both read this. */
export const SERVE_FLAGS = {
  host: { flags: '--host <address>', default: '127.0.0.1', help: 'address to listen on' },
  protocol: {
    flags: '--protocol <names>',
    default: DEFAULT_PROTOCOLS.join(','),
    help: `protocols to serve (${PROTOCOLS.join(', ')})`,
  },
  wsPort: { flags: '--ws-port <port>', default: '9001', help: 'first ws port, or auto' },
  tcpPort: { flags: '--tcp-port <port>', default: '9101', help: 'first tcp port, or auto' },
  httpPort: { flags: '--http-port <port>', default: '9201', help: 'first http port, or auto' },
  adminPort: { flags: '--admin-port <port>', default: '9091', help: 'port of /metrics, /memory …, or auto' },
  adminHost: { flags: '--admin-host <address>', default: '127.0.0.1', help: 'address of that port' },
  ...ADMIN_FLAGS,
  backlog: {
    flags: '--backlog <count>',
    default: undefined,
    help: 'accept queue (default: the most the kernel allows)',
  },
  maxConnections: {
    flags: '--max-connections <count>',
    default: undefined,
    help: 'refuse more than this (default: what the open-files limit allows)',
  },
  maxQueued: {
    flags: '--max-queued <size>',
    default: '256MiB',
    help: 'for peers that do not read, all together; beyond it the largest are ended',
  },
  handshakeTimeout: {
    flags: '--handshake-timeout <time>',
    default: '10s',
    help: 'for a complete request of ws and http',
  },
  maxPayload: { flags: '--max-payload <size>', default: '1MiB', help: 'largest ws message' },
  perMessageDeflate: { flags: '--per-message-deflate', default: false, help: 'compress ws messages' },
  processes: { flags: '--processes <count>', default: '1', help: 'processes, each on its own ports counting upwards' },
  untilStdinEnds: { flags: '--until-stdin-ends', default: false, help: 'stop in order when stdin is closed' },
  json: { flags: '--json', default: false, help: 'one line of JSON on stdout when it can be connected to' },
} as const;
type FlagName = keyof typeof SERVE_FLAGS;

export type RawServeOptions = Readonly<Partial<Record<FlagName, string | boolean>>>;

/** A port a person named, or "find one". */
export type PortChoice = number | 'auto';

export interface ServeConfig {
  readonly host: string;
  readonly adminHost: string;
  readonly access: Access;
  readonly protocols: readonly ProtocolName[];
  readonly ports: Readonly<Record<ProtocolName | 'admin', PortChoice>>;
  readonly backlog: number | undefined;
  readonly maxConnections: number | undefined;
  readonly maxQueuedBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly maxPayloadBytes: number;
  readonly perMessageDeflate: boolean;
  readonly processes: number;
  readonly untilStdinEnds: boolean;
  readonly json: boolean;
}

const MAX_PROCESSES = 1024;
const MAX_SETTING = 2 ** 31 - 1;

/**
 * Reads the command line once into a config.
 *
 * @param raw what commander found, texts unread
 * @param strangers arguments nobody knows
 * @param env may have the token of the admin port
 * @throws {RigError} EUSAGE with every problem there is
 */
export function parseServeOptions(
  raw: RawServeOptions,
  strangers: readonly string[],
  env: CliDeps['env'],
): ServeConfig {
  const problems = strangers.map((word) => (word.startsWith('-') ? `unknown option ${word}` : `unexpected "${word}"`));

  function quantity(name: FlagName, kind: QuantityKind, low: number, high: number): number | undefined {
    const text = raw[name];
    if (typeof text !== 'string') return undefined;
    const value = parseQuantity(kind, text);
    if (value !== undefined && value >= low && value <= high) return value;
    const range = value === undefined ? `such as ${QUANTITIES[kind].example}` : `from ${low} to ${high}`;
    problems.push(`--${dashed(name)} "${text}" is not a ${NOUN[kind]} ${range}`);
    return undefined;
  }
  function port(name: FlagName): PortChoice {
    const text = String(raw[name]);
    if (text === 'auto') return 'auto';
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > 65_535)
      problems.push(`--${dashed(name)} "${text}" is neither auto nor a port from 1 to 65535`);
    return value;
  }

  const adminHost = bare(raw.adminHost);
  const config: ServeConfig = {
    host: bare(raw.host),
    adminHost,
    access: readAccess(raw, adminHost, `--admin-host ${adminHost}`, env, problems),
    protocols: protocolsIn(String(raw.protocol), problems),
    ports: { ws: port('wsPort'), tcp: port('tcpPort'), http: port('httpPort'), admin: port('adminPort') },
    backlog: quantity('backlog', 'count', 1, MAX_SETTING),
    maxConnections: quantity('maxConnections', 'count', 1, MAX_SETTING),
    maxQueuedBytes: quantity('maxQueued', 'bytes', 1, Number.MAX_SAFE_INTEGER) ?? 0,
    handshakeTimeoutMs: quantity('handshakeTimeout', 'duration', 1, MAX_SETTING) ?? 0,
    maxPayloadBytes: quantity('maxPayload', 'bytes', 1, MAX_SETTING) ?? 0,
    perMessageDeflate: raw.perMessageDeflate === true,
    processes: quantity('processes', 'count', 1, MAX_PROCESSES) ?? 1,
    untilStdinEnds: raw.untilStdinEnds === true,
    json: raw.json === true,
  };
  if (config.host === '') problems.push('--host is empty');
  if (config.adminHost === '') problems.push('--admin-host is empty');
  if (problems.length === 0) problems.push(...clashes(config));
  if (problems.length > 0) throw usageError(problems, 'see connrig serve --help');
  return Object.freeze(config);
}

const NOUN = {
  count: 'number',
  bytes: 'size',
  duration: 'time',
  rate: 'rate',
  percent: 'percentage',
} as const satisfies Record<QuantityKind, string>;
/** An IPv6 address may be in brackets. */
const bare = (host: string | boolean | undefined): string => String(host).replace(/^\[|\]$/g, '');
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function protocolsIn(text: string, problems: string[]): ProtocolName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const strangers = names.filter((name) => !isProtocolName(name));
  if (strangers.length > 0) problems.push(`--protocol "${text}" is not a list of ${PROTOCOLS.join(', ')}`);
  return names.filter(isProtocolName);
}

/** Ports that two listeners would both want, once each process has its own. */
function clashes({ protocols, ports, processes }: ServeConfig): string[] {
  const ranges = [
    { name: 'admin', first: ports.admin, count: 1 },
    ...protocols.map((name) => ({ name, first: ports[name], count: processes })),
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
