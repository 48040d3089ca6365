import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelSockets } from '../core/ledger/kernel-sockets.ts';
import { parseListenCounters } from './listen-counters.ts';
import { readPageSize } from './page-size.ts';
import { parseSockstat } from './sockstat.ts';

/**
 * Counters the kernel keeps anyway: three small files, whatever the number of sockets. Our own network namespace's, but
 * for the buffers' memory and its limits, which are the whole machine's.
 *
 * @param proc where /proc is mounted
 */
export function readKernelSockets(proc = '/proc'): KernelSockets {
  const read = (path: string): string => {
    try {
      return readFileSync(join(proc, path), 'latin1');
    } catch {
      return '';
    }
  };
  const pageSizeBytes = readPageSize();
  return {
    sockstat: parseSockstat(read('net/sockstat'), pageSizeBytes) ?? null,
    listen: parseListen(read('net/netstat')),
    tcpMemBytes: parseTcpMem(read('sys/net/ipv4/tcp_mem'), pageSizeBytes),
  };
}

/** @param text of /proc/net/netstat */
function parseListen(text: string): KernelSockets['listen'] {
  const counters = parseListenCounters(text);
  return counters && { overflows: counters.ListenOverflows, drops: counters.ListenDrops };
}

/** @param text of tcp_mem: three numbers of pages */
export function parseTcpMem(text: string, pageSizeBytes: number): KernelSockets['tcpMemBytes'] {
  const [low, pressure, high] = (text.match(/\d+/g) ?? []).map((pages) => Number(pages) * pageSizeBytes);
  return low === undefined || pressure === undefined || high === undefined ? null : { low, pressure, high };
}
