/** What a worker of a fleet says of its machine, beyond the limits of a process. */
import { readFileSync, readlinkSync } from 'node:fs';
import { freemem, hostname, totalmem } from 'node:os';
import type { WorkerOffer } from '../../fleet/remote/messages.ts';
import { readHost } from '../../memory/host.ts';

/** What others may have taken meanwhile; null: not known here. */
export async function readResources(): Promise<
  Pick<WorkerOffer, 'systemFilesLeft' | 'memoryAvailableBytes' | 'memoryLimitBytes'>
> {
  const host = await readHost().catch(() => undefined);
  const [open, , most] = (readOr('/proc/sys/fs/file-nr') ?? '').split(/\s+/).map(Number);
  // Where there is no bound, the kernel says the largest number there is.
  const left = most === undefined || !Number.isSafeInteger(most) ? null : Math.max(0, most - (open ?? 0));
  return {
    systemFilesLeft: left,
    memoryAvailableBytes: host?.availableBytes ?? freemem(),
    memoryLimitBytes: host?.limitBytes ?? totalmem(),
  };
}

/** Which kernel it runs on, and in which network of that. */
export const readPlace = (): Pick<WorkerOffer, 'machine' | 'network'> => ({
  machine: readOr('/proc/sys/kernel/random/boot_id')?.trim() ?? hostname(),
  network: linkOr('/proc/self/ns/net') ?? '',
});

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function linkOr(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
