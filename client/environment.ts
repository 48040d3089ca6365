import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { availableParallelism, cpus, networkInterfaces, type as osType, release, totalmem } from 'node:os';
import { RigError } from '../core/errors.ts';
import type { Environment } from '../core/record.ts';
import type { TargetUrl } from '../core/urls.ts';
import { readHost } from '../memory/host.ts';
import type { Snapshot } from './preflight/snapshot.ts';

/** What the run is measured on, for the record. */
export async function describeEnvironment(connrigVersion: string, limits: Snapshot): Promise<Environment> {
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
  };
}

/** JSON has no Infinity; a limit that is none isn't one. */
export const finiteOrNull = (limit: number | null): number | null =>
  limit === null || Number.isFinite(limit) ? limit : null;

/**
 * Resolves a URL's host once, before anything starts, so that names cost nothing while connections open.
 *
 * @throws RigError EHOST
 */
export async function resolveHost({ host, text }: TargetUrl): Promise<string> {
  if (isIP(host) > 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new RigError('EHOST', `${text}: the host ${host} was not found`, { hint: `getent hosts ${host}`, cause });
  }
}

/** Whether an IP address is one of this machine's own, so that the other end of a connection to it is in this kernel. */
export function isOurs(ip: string): boolean {
  if (ip.startsWith('127.') || ip === '::1' || ip === '0.0.0.0' || ip === '::') return true;
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === ip) ?? false);
}
