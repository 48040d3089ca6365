import { createReadStream, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { listTree } from '../../memory/process-tree.ts';

/** Who of a process and its descendants takes the connections. */
export interface Listeners {
  /** Those that listen on one of the ports, without parents that merely opened the socket for them. */
  readonly pids: readonly number[];
  /** They see the network as we do; elsewhere a port may have another number. */
  readonly sameNetwork: boolean;
}

/** Listening sockets are opened at a server's start, before it has connections. */
const DESCRIPTORS_LOOKED_AT = 1024;
const LISTEN = '0A';

/**
 * @param proc where /proc is mounted
 * @returns null where it can't be known: no /proc, or a process whose files are not ours to see
 */
export async function readListeners(pid: number, ports: readonly number[], proc = '/proc'): Promise<Listeners | null> {
  try {
    const inodes = new Set<string>();
    for (const list of ['tcp', 'tcp6']) await addListening(`${proc}/${pid}/net/${list}`, ports, inodes);
    const holders = listTree([pid], { proc }).filter((one) => holds(`${proc}/${one}/fd`, inodes));
    const parents = new Set(holders.map((one) => parentOf(`${proc}/${one}/status`)));
    return {
      pids: holders.filter((one) => !parents.has(one)),
      sameNetwork: readlinkSync(`${proc}/${pid}/ns/net`) === readlinkSync(`${proc}/self/ns/net`),
    };
  } catch {
    return null;
  }
}

/** The kernel lists sockets that listen before all others, of which there may be a million. */
async function addListening(path: string, ports: readonly number[], inodes: Set<string>): Promise<void> {
  const wanted = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  const input = createReadStream(path, 'latin1');
  try {
    for await (const line of createInterface({ input })) {
      const [row = '', local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (!row.endsWith(':')) continue;
      if (state !== LISTEN) break;
      if (wanted.has(local.split(':')[1] ?? '')) inodes.add(`socket:[${inode}]`);
    }
  } catch (error) {
    // A kernel without IPv6 has no such list.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    input.destroy();
  }
}

function holds(folder: string, inodes: ReadonlySet<string>): boolean {
  const descriptors = readdirSync(folder).map(Number);
  descriptors.sort((a, b) => a - b);
  return descriptors.slice(0, DESCRIPTORS_LOOKED_AT).some((fd) => {
    try {
      return inodes.has(readlinkSync(`${folder}/${fd}`));
    } catch {
      // Closed in the meantime.
      return false;
    }
  });
}

const parentOf = (path: string): number => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]);
