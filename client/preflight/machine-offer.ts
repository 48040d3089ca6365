/** What a worker of a fleet says of its machine, beyond the limits of a process. */
import { readFileSync, readlinkSync } from 'node:fs';
import { freemem, hostname, totalmem } from 'node:os';
import type { WorkerResources } from '../../fleet/remote/lease.ts';
import type { WorkerOffer } from '../../fleet/remote/messages.ts';
import { readHost } from '../../memory/host.ts';
import { readPorts } from './snapshot.ts';

/** What others may have taken meanwhile, or somebody widened; null: not known here. */
export async function readResources(): Promise<WorkerResources> {
  const host = await readHost().catch(() => undefined);
  const [open, , most] = (readOr('/proc/sys/fs/file-nr') ?? '').split(/\s+/).map(Number);
  // Where there is no bound, the kernel says the largest number there is.
  const left = most === undefined || !Number.isSafeInteger(most) ? null : Math.max(0, most - (open ?? 0));
  const { portRange, reservedPorts } = readPorts();
  return {
    offer: {
      systemFilesLeft: left,
      memoryAvailableBytes: host?.availableBytes ?? freemem(),
      memoryLimitBytes: host?.limitBytes ?? totalmem(),
      ports: portRange && portRange[1] - portRange[0] + 1 - (reservedPorts ?? 0),
    },
    ephemeralPorts: portRange,
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
