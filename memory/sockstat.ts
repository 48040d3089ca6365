import { readFileSync } from 'node:fs';
import type { Sockstat } from '../core/schemas/readings.ts';
import { Missing } from './meter.ts';
import { readPageSize } from './page-size.ts';

const TCP_LINE = /^TCP: inuse (\d+) orphan (\d+) tw (\d+) alloc (\d+) mem (\d+)/m;

/** Counts of TCP sockets on this host; undefined where the system doesn't tell. */
export const readSockstat = async (path?: string): Promise<Sockstat | undefined> => readSockstatNow(path);

/** The same in 0.03 ms, for those who look 20 times a second. */
export function readSockstatNow(path = '/proc/net/sockstat'): Sockstat | undefined {
  try {
    return parseSockstat(readFileSync(path, 'latin1'), readPageSize());
  } catch {
    return undefined;
  }
}

/** @throws Missing where the system doesn't tell */
export async function sockstatOrMissing(): Promise<Sockstat> {
  const sockstat = await readSockstat();
  if (!sockstat) throw new Missing('/proc/net/sockstat is not there');
  return sockstat;
}

export function parseSockstat(text: string, pageSizeBytes: number): Sockstat | undefined {
  const match = TCP_LINE.exec(text);
  if (!match) return undefined;
  const [tcpInUse = 0, tcpOrphan = 0, tcpTimeWait = 0, tcpAlloc = 0, memPages = 0] = match.slice(1).map(Number);
  return { tcpInUse, tcpOrphan, tcpTimeWait, tcpAlloc, tcpMemBytes: memPages * pageSizeBytes };
}
