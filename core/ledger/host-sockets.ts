import type { Readings, Sockstat } from '../schemas/readings.ts';
import { cachesBytes } from './kernel-rows.ts';
import { epollEntryBytes, ringItemBytes } from './registered.ts';

/**
 * What the kernel has for all TCP sockets of a host, whoever's they are. Each has its objects, with a file where a process holds it.
 * Those in TIME_WAIT and what is reserved for buffers come to that. Epoll counts for the ends that are known to use it.
 *
 * @param sizes a reading of that host; of it only the sizes of objects count
 * @returns bytes; null where sizes are unknown
 */
export function hostSocketsOf(
  { slab, target, client }: Pick<Readings, 'slab' | 'target' | 'client'>,
  { tcpAlloc, tcpOrphan, tcpTimeWait, tcpMemBytes }: Sockstat,
): number | null {
  const tcpBytes = (slab?.TCP ?? slab?.TCPv6)?.bytesPerObject;
  if (slab === null || tcpBytes === undefined) return null;
  const fileBytes = cachesBytes(slab, ['sock_inode_cache', 'dentry', 'filp', 'lsm_inode_cache', 'lsm_file_cache']);
  const ends = [target, client];
  const ofRings = (client?.hasUring ? 1 : 0) / ends.length;
  const ofEpoll = ends.filter((end) => end?.hasEpoll).length / ends.length - ofRings;
  const epollBytes = cachesBytes(slab, ['eventpoll_epi']) + epollEntryBytes(slab);
  const timeWaitBytes = (slab.tw_sock_TCP ?? slab.tw_sock_TCPv6)?.bytesPerObject ?? 0;
  const held = Math.max(0, tcpAlloc - tcpOrphan);
  return Math.round(
    tcpAlloc * tcpBytes +
      held * (fileBytes + ofEpoll * epollBytes + ofRings * ringItemBytes(slab)) +
      tcpTimeWait * timeWaitBytes +
      tcpMemBytes,
  );
}
