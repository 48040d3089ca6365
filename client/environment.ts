import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { availableParallelism, cpus, networkInterfaces, type as osType, release, totalmem } from 'node:os';
import type { Environment } from '../core/schemas/environment.ts';
import { readHost } from '../memory/host.ts';
import type { Snapshot } from './preflight/snapshot.ts';

/** What the run is measured on, for the record. */
export async function readEnvironment(connrigVersion: string, limits: Snapshot): Promise<Environment> {
  const host = await readHost().catch(() => undefined);
  return {
    connrigVersion,
    nodeVersion: process.version,
    platform: process.platform,
    arch: process.arch,
    kernel: `${osType()} ${release()}`,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    memoryLimitBytes: host?.limitBytes ?? totalmem(),
    descriptorLimit: finiteOrNull(limits.filesHard),
    ephemeralPorts: limits.portRange === null ? null : [...limits.portRange],
    somaxconn: limits.somaxconn,
    tcpMemMaxBytes: limits.tcpMemMaxBytes,
    conntrackMax: limits.conntrackMax,
    conntrackCount: limits.conntrackCount,
  };
}

/** JSON has no Infinity; a limit that is none isn't one. */
export const finiteOrNull = (limit: number | null): number | null =>
  limit === null || Number.isFinite(limit) ? limit : null;

/** Whether an IP address is one of this machine's own, so that the other end of a connection to it is in this kernel. */
export function isOurs(ip: string): boolean {
  if (ip.startsWith('127.') || ip === '::1' || ip === '0.0.0.0' || ip === '::') return true;
  const [bare] = ip.split('%');
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === bare) ?? false);
}

/**
 * Whether the loopback interface is down, or has no such address (IPv6 is off). Asked of the kernel, which looks for a
 * route and sends nothing.
 */
export async function isCutOff(ip: string): Promise<boolean> {
  if (!ip.startsWith('127.') && ip !== '::1') return false;
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(DISCARD_PORT, ip);
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return NO_ROUTE.has((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    socket.close();
  }
}

const DISCARD_PORT = 9;
const NO_ROUTE: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Which of these addresses can't be connected from. Asked of the kernel, address by address: what it takes includes
 * whole subnets that are routed to this machine (`ip route add local …`) without being on an interface.
 */
export async function foreignAmong(ips: readonly string[]): Promise<string[]> {
  const foreign: string[] = [];
  for (const ip of ips) if (!(await canBind(ip))) foreign.push(ip);
  return foreign;
}

async function canBind(ip: string): Promise<boolean> {
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind({ address: ip, port: 0, exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
