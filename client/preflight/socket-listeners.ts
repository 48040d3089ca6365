import { readFileSync } from 'node:fs';
import { listUnixSockets, UNIX_LISTEN } from '../../memory/unix-diag.ts';
import { namesSocket } from '../../memory/unix-ends.ts';

/** A Unix socket that somebody listens at. */
export interface ListeningUnixSocket {
  /** As the process that bound it wrote it. */
  readonly path: string;
  /** As /proc/PID/fd has it. */
  readonly inode: string;
}

/** `Num: RefCount Protocol Flags Type St Inode Path`; the flag says that it accepts connections (__SO_ACCEPTCON). */
const ROW = /^\S+: \S+ \S+ (\S+) (\S+) \S+\s+(\d+) (.*)$/gm;
const ACCEPTS = 0x10000;
const STREAM = '0001';

/** Those of a network namespace. @param folder such as /proc/PID/net */
export function listeningUnixSockets(folder: string): ListeningUnixSocket[] {
  return rowsOf(folder).flatMap(({ accepts, path, inode }) => (accepts ? [{ path, inode: `socket:[${inode}]` }] : []));
}

/** Whether a socket of another kind than streams is bound to this path, which takes no connections. */
export const isOfDatagrams = (path: string): boolean =>
  rowsOf('/proc/self/net').some((row) => row.path === path && row.type !== STREAM);

/**
 * Descriptors of those that listen at one of these paths, as /proc/PID/fd has them. In our own network namespace the file counts,
 * by whatever path it was bound.
 */
export async function listenersAt(folder: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const inodes = listeningUnixSockets(folder).flatMap(({ path, inode }) => (paths.includes(path) ? [inode] : []));
  const areOurs = paths.map(namesSocket);
  // Without netlink there are the paths alone.
  await listUnixSockets([UNIX_LISTEN], (socket) => {
    if (areOurs.some((isOurs) => isOurs(socket))) inodes.push(`socket:[${socket.inode}]`);
  }).catch(() => {});
  return inodes;
}

interface Row {
  readonly accepts: boolean;
  readonly type: string;
  readonly inode: string;
  readonly path: string;
}

function rowsOf(folder: string): Row[] {
  let text: string;
  try {
    text = readFileSync(`${folder}/unix`, 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(ROW)].map(([, flags = '', type = '', inode = '', path = '']) => ({
    accepts: (Number.parseInt(flags, 16) & ACCEPTS) !== 0,
    type,
    inode,
    path,
  }));
}
