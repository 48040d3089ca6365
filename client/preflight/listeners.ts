import { createReadStream, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { createInterface } from 'node:readline';
import ipaddr from 'ipaddr.js';
import { listTree } from '../../memory/process-tree.ts';
import { listenersAt, listeningUnixSockets } from './socket-listeners.ts';

/** Those of a process and its descendants that take the connections. */
export interface Listeners {
  /** Those that listen on one of the ports, or at one of the Unix sockets, without parents that merely opened the socket for them. */
  readonly pids: readonly number[];
  /** They see the network as we do; elsewhere a port may have another number. A path is the same for all. */
  readonly sameNetwork: boolean;
}

/** An address at which somebody listens; 0.0.0.0 and :: are all addresses there are. */
export interface ListensAt {
  readonly ip: string;
  readonly port: number;
}

/** Listening sockets are opened at a server's start, before it has connections. */
const DESCRIPTORS_LOOKED_AT = 1024;
const LISTEN = '0A';

/**
 * @param proc where /proc is mounted
 * @param socketPaths of Unix sockets
 * @returns null where it can't be known: no /proc, or a process whose files are not ours to see
 */
export async function readListeners(
  pid: number,
  ports: readonly number[],
  proc = '/proc',
  socketPaths: readonly string[] = [],
): Promise<Listeners | null> {
  try {
    const folder = `${proc}/${pid}/net`;
    const ofPorts = ports.length === 0 ? [] : await listeningSockets(folder, ports);
    const inodes = new Set([...ofPorts.map(({ inode }) => inode), ...(await listenersAt(folder, socketPaths))]);
    const holders = listTree([pid], { proc }).filter((one) => heldBy(`${proc}/${one}/fd`, inodes).length > 0);
    const parents = new Set(holders.map((one) => parentOf(`${proc}/${one}/status`)));
    return {
      pids: holders.filter((one) => !parents.has(one)),
      sameNetwork: ports.length === 0 || isOurNetwork(pid, proc),
    };
  } catch {
    return null;
  }
}

/**
 * Where a process and its descendants listen.
 *
 * @returns undefined where that can't be seen, or is in another network than ours
 */
export async function whereItListens(pid: number, proc = '/proc'): Promise<readonly ListensAt[] | undefined> {
  try {
    if (!isOurNetwork(pid, proc)) return undefined;
    const sockets = await listeningSockets(`${proc}/${pid}/net`);
    const inodes = new Set(sockets.map(({ inode }) => inode));
    const own = new Set(listTree([pid], { proc }).flatMap((one) => heldBy(`${proc}/${one}/fd`, inodes)));
    return sockets.filter(({ inode }) => own.has(inode)).map(({ ip, port }) => ({ ip, port }));
  } catch {
    return undefined;
  }
}

/**
 * Remembers who listens now. A process with thousands of connections has what it opens next far behind its first descriptors.
 *
 * @returns tells where the process listens that nobody did before, each once
 */
export async function watchNewListeners(pid: number, proc = '/proc'): Promise<() => Promise<readonly ListensAt[]>> {
  const folder = `${proc}/${pid}/net`;
  const list = async (): Promise<readonly ListeningSocket[]> => {
    try {
      return isOurNetwork(pid, proc) ? await listeningSockets(folder) : [];
    } catch {
      return [];
    }
  };
  const known = new Set((await list()).map(({ inode }) => inode));
  return async () => {
    const fresh = (await list()).filter(({ inode }) => !known.has(inode));
    if (fresh.length === 0) return [];
    const inodes = new Set(fresh.map(({ inode }) => inode));
    for (const inode of inodes) known.add(inode);
    let own: ReadonlySet<string>;
    try {
      own = new Set(heldBy(`${proc}/${pid}/fd`, inodes, Number.POSITIVE_INFINITY));
    } catch {
      // It has ended.
      return [];
    }
    return fresh.filter(({ inode }) => own.has(inode)).map(({ ip, port }) => ({ ip, port }));
  };
}

/** The same of Unix sockets, by their paths. */
export function whichSocketsItHas(pid: number, proc = '/proc'): string[] {
  try {
    const sockets = listeningUnixSockets(`${proc}/${pid}/net`);
    const inodes = new Set(sockets.map(({ inode }) => inode));
    const own = new Set(listTree([pid], { proc }).flatMap((one) => heldBy(`${proc}/${one}/fd`, inodes)));
    return sockets.flatMap(({ inode, path }) => (own.has(inode) ? [path] : []));
  } catch {
    return [];
  }
}

/** Where anybody on this machine listens; empty where that can't be seen. */
export async function whereAnybodyListens(ports: readonly number[], proc = '/proc'): Promise<readonly ListensAt[]> {
  try {
    return await listeningSockets(`${proc}/self/net`, ports);
  } catch {
    return [];
  }
}

/** Whether a connection to that address and port reaches who listens there. Nearly all that take IPv6 at :: take IPv4 too. */
export function isAt(at: ListensAt, ip: string, port: number): boolean {
  if (at.port !== port) return false;
  return at.ip === ip || at.ip === '::' || (at.ip === '0.0.0.0' && isIPv4(ip));
}

interface ListeningSocket extends ListensAt {
  /** As /proc/PID/fd has it. */
  readonly inode: string;
}

/** The kernel lists sockets that listen before all others, of which there may be a million. */
async function listeningSockets(folder: string, ports?: readonly number[]): Promise<ListeningSocket[]> {
  const sockets: ListeningSocket[] = [];
  for (const list of ['tcp', 'tcp6']) {
    const input = createReadStream(`${folder}/${list}`, 'latin1');
    try {
      for await (const line of createInterface({ input })) {
        const [row = '', local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        if (!row.endsWith(':')) continue;
        if (state !== LISTEN) break;
        const [address = '', digits = ''] = local.split(':');
        const port = Number.parseInt(digits, 16);
        if (ports && !ports.includes(port)) continue;
        sockets.push({ ip: ipOf(address), port, inode: `socket:[${inode}]` });
      }
    } catch (error) {
      // A kernel without IPv6 has no such list.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      input.destroy();
    }
  }
  return sockets;
}

/** As the kernel prints an address: words of 32 bits, each in the byte order of nearly every machine there is. */
function ipOf(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16));
  const bytes = words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff));
  if (bytes.length !== 4 && bytes.length !== 16) return '';
  const address = ipaddr.fromByteArray(bytes);
  // An IPv4 address that is bound by a socket of IPv6.
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress();
  return (isMapped ? (address as ipaddr.IPv6).toIPv4Address() : address).toString();
}

const isOurNetwork = (pid: number, proc: string): boolean =>
  readlinkSync(`${proc}/${pid}/ns/net`) === readlinkSync(`${proc}/self/ns/net`);

/** @returns those of the sockets that a process has among its first descriptors */
function heldBy(folder: string, inodes: ReadonlySet<string>, most = DESCRIPTORS_LOOKED_AT): string[] {
  const descriptors = readdirSync(folder).map(Number);
  descriptors.sort((a, b) => a - b);
  return descriptors.slice(0, most).flatMap((fd) => {
    try {
      const what = readlinkSync(`${folder}/${fd}`);
      return inodes.has(what) ? [what] : [];
    } catch {
      // Closed in the meantime.
      return [];
    }
  });
}

const parentOf = (path: string): number => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]);
