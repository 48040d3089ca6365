import ipaddr from 'ipaddr.js';
import type { Established } from '../core/schemas/readings.ts';
import { EndCounter } from './end-counter.ts';
import { Missing } from './meter.ts';
import { listSockets, TCP_ESTABLISHED, TCP_SYN_RECV, TCP_TIME_WAIT } from './sock-diag.ts';
import { readSockstat } from './sockstat.ts';
import { readTcpTables, type TcpTables } from './tcp-table.ts';

/** The whole host's, whoever's they are. Up to so many all are listed, as text where netlink can't be asked: 0.2 s, or 1 s. */
const ALL_LISTED_MOST = 300_000;
/** Up to so many those of the target's ports are listed: 0.7 µs each, and 0.2 µs for every other socket. */
const LISTED_MOST = 2_500_000;

/** A client that connects to these comes out at another address of this machine. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Lists whose two ends of loopback connections don't pair up are read again, this often in all. */
const LISTINGS_MOST = 3;

export interface EstablishedOptions {
  /** Where the target listens; undefined: at whatever address. */
  readonly ip?: string | undefined;
  /** Sockets of the target's ports are enough: what those of others leave behind isn't counted. */
  readonly isNarrow?: boolean;
  /** The kernel's lists as text, and how long they are, in place of asking by netlink. */
  readonly paths?: EstablishedPaths;
}

interface EstablishedPaths extends TcpTables {
  readonly sockstat: string;
}

const PATHS: EstablishedPaths = { tcp: '/proc/net/tcp', tcp6: '/proc/net/tcp6', sockstat: '/proc/net/sockstat' };

/**
 * Connections on the given ports, as the kernel lists them. Exact while nothing opens or closes; takes time in
 * proportion to the sockets listed, and to the kernel's table of them (16 ms if it has 2^18 rows).
 *
 * The kernel finds its place in the list by counting, so it passes over a few rows while many sockets of others go. Where
 * both ends are on this host that shows, since a row is missing on one side: the fullest of a few lists counts then.
 *
 * @param ports of the target
 * @throws Missing when the host has too many sockets to list them
 */
export async function readEstablished(
  ports: readonly number[],
  { ip, isNarrow = false, paths }: EstablishedOptions = {},
): Promise<Established> {
  const { tcpAlloc = 0, tcpTimeWait = 0 } = (await readSockstat((paths ?? PATHS).sockstat)) ?? {};
  const sockets = tcpAlloc + tcpTimeWait;
  const isWhole = !isNarrow && sockets <= ALL_LISTED_MOST;
  const list = async (asText: boolean): Promise<Established> => {
    const counter = new EndCounter(ports, ip === undefined || ANY.has(ip) ? undefined : addressOf(ip));
    const states = isWhole ? undefined : [TCP_ESTABLISHED, TCP_SYN_RECV, TCP_TIME_WAIT];
    if (asText) await readTcpTables(paths ?? PATHS, (socket) => counter.add(socket));
    else await listSockets({ ports: isWhole ? undefined : ports, states }, (socket) => counter.add(socket));
    return counter.result(isWhole);
  };
  if (paths === undefined && sockets <= LISTED_MOST) {
    try {
      return await fullest(() => list(false));
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
    }
  }
  if (sockets > ALL_LISTED_MOST) throw new Missing(`this host has ${sockets} TCP sockets, too many to list`);
  return fullest(() => list(true));
}

/** @param list reads the whole list; again while ends lack their other end */
export async function fullest(list: () => Promise<Established>): Promise<Established> {
  let best = await list();
  for (let listings = 1; listings < LISTINGS_MOST && isUneven(best); listings++) {
    const next = await list();
    if (endsOf(next) > endsOf(best)) best = next;
  }
  return best;
}

const endsOf = ({ targetEnds, clientEnds }: Established): number => targetEnds + clientEnds;

/** With one end elsewhere there is nothing to pair. */
const isUneven = ({ targetEnds, clientEnds }: Established): boolean =>
  targetEnds > 0 && clientEnds > 0 && targetEnds !== clientEnds;

/** As sockets are listed: a number for IPv4, else 32 hexadecimal digits. */
export function addressOf(ip: string): number | string {
  const digits = ipaddr
    .process(ip)
    .toByteArray()
    .reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '');
  return digits.length === 8 ? Number.parseInt(digits, 16) : digits;
}
