import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { RigError } from '../core/values/errors.ts';

export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** What IANA reserves for it, where the kernel can't be asked. */
const USUAL_EPHEMERAL: PortRange = { low: 49_152, high: 65_535 };
const FIRST_UNPRIVILEGED = 1024;
const LAST = 65_535;
const ATTEMPTS = 200;
/** Unprivileged ones that browsers and `fetch` open nothing on: the Fetch standard's list of bad ports. */
export const BAD_PORTS: readonly number[] = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/** The ports the kernel takes for outgoing connections. A server that listens among them may find its port taken by one. */
export function ephemeralRange(): PortRange {
  try {
    return parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')) ?? USUAL_EPHEMERAL;
  } catch {
    return USUAL_EPHEMERAL;
  }
}

/** `32768	60999` */
export function parsePortRange(text: string): PortRange | undefined {
  const [low, high] = text.trim().split(/\s+/).map(Number);
  if (low === undefined || high === undefined || !(low <= high)) return undefined;
  return { low, high };
}

/**
 * `count` ports in a row that nobody listens on at `host`, outside the ephemeral range and not in `avoid`; a browser can
 * open each of them.
 *
 * @returns the first of them
 * @throws {RigError} ELISTEN when the host can't be listened on, or nothing is free
 */
export async function freePorts(
  host: string,
  count: number,
  ephemeral: PortRange,
  avoid: ReadonlySet<number> = new Set(),
): Promise<number> {
  const portsFrom = (first: number): number[] => Array.from({ length: count }, (_, i) => first + i);
  const isWanted = (port: number): boolean => !avoid.has(port) && !BAD_PORTS.includes(port);
  const starts = startsOutside(ephemeral, count).filter((first) => portsFrom(first).every(isWanted));
  for (let attempt = 0; attempt < ATTEMPTS && starts.length > 0; attempt++) {
    const first = starts[randomInt(starts.length)] ?? 0;
    if (await allFree(host, portsFrom(first))) return first;
  }
  throw new RigError('ELISTEN', `found no ${count} free ports in a row outside ${ephemeral.low}-${ephemeral.high}`, {
    hint: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999", or name ports with --ws-port, --tcp-port, --http-port, --admin-port',
  });
}

function startsOutside({ low, high }: PortRange, count: number): number[] {
  const starts: number[] = [];
  for (let port = FIRST_UNPRIVILEGED; port + count - 1 <= LAST; port++) {
    if (port + count - 1 < low || port > high) starts.push(port);
  }
  return starts;
}

async function allFree(host: string, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await isFree(host, port))) return false;
  return true;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return resolve(false);
      const hint = 'list the addresses of this machine: ip -brief address';
      reject(new RigError('ELISTEN', `can't listen on ${host}: ${error.message}`, { hint, cause: error }));
    });
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}
