import { cpus, hostname, networkInterfaces, release, totalmem, type as osType } from 'node:os';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { RigError } from '../core/errors.ts';
import type { TargetUrl } from '../core/urls.ts';

/** What this machine says of itself and never changes during a run. */
export const machineFacts = (): { platform: string; arch: string; kernel: string; cpuModel: string; cores: number; memoryBytes: number } => ({
  platform: process.platform,
  arch: process.arch,
  kernel: `${osType()} ${release()}`,
  cpuModel: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
});

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
    throw new RigError('EHOST', `${text}: the host ${host} was not found`, {
      hint: `getent hosts ${host}`,
      cause,
    });
  }
}

/** Whether an IP address is one of this machine's own, so that the target's end of a connection lies in this kernel. */
export function isOurs(ip: string): boolean {
  if (ip.startsWith('127.') || ip === '::1' || ip === '0.0.0.0' || ip === '::') return true;
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === ip) ?? false);
}

/** Source addresses must be ours: anything else would fail at the first connect. */
export function foreignSources(sources: readonly string[]): string[] {
  return sources.filter((ip) => !isOurs(ip)).map((ip) => `--source: ${ip} is not an address of ${hostname()}`);
}
