import { readlinkSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { timesQueues } from '../core/ledger/queues.ts';
import type { HeldSockets } from '../core/schemas/readings.ts';
import { Missing, systemCodeOf } from './meter.ts';
import { PortSet } from './port-set.ts';
import { QueueCounter } from './queue-counter.ts';
import { type ListedSocket, listSockets, TCP_LISTEN } from './sock-diag.ts';
import { loadProtocolOf } from './socket-protocol.ts';
import { readTcpTables } from './tcp-table.ts';

/** A look at a descriptor takes some µs. Beyond so many each second, third … is looked at, and counts for all. */
const LOOKED_AT_MOST = 20_000;
/** How long other work of this thread may have to wait. */
const TURN_MS = 10;

/**
 * The sockets that processes hold, one by one: what the whole host has may be anybody's. Takes a look at each of their
 * descriptors, so it is done only where they are more than connections explain.
 *
 * @param pids of the processes; those that are gone are left out
 * @throws Missing where their descriptors or their sockets are not ours to see
 */
export async function readHeldSockets(pids: readonly number[]): Promise<HeldSockets> {
  const sizes = pids.map((pid) => sizeOf(`/proc/${pid}/fd`));
  const step = Math.max(1, Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / LOOKED_AT_MOST));
  const paths: Paths = new Map();
  for (const pid of pids) await addSockets(`/proc/${pid}/fd`, step, paths);
  const tally = new SocketTally(paths);
  const [first] = pids;
  if (first !== undefined) await listAll(first, (socket) => tally.add(socket));
  await addUnlisted(tally);
  return tally.result(step);
}

/** One of the descriptors of each socket, by its inode. */
type Paths = Map<number, string>;

const sizeOf = (folder: string): number => {
  try {
    return statSync(folder).size;
  } catch {
    return 0;
  }
};

const SOCKET = 'socket:[';

async function addSockets(folder: string, step: number, paths: Paths): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ESRCH') return;
    throw error;
  }
  let turnAtMs = performance.now();
  for (let i = 0; i < names.length; i += step) {
    const path = `${folder}/${names[i]}`;
    const what = linkOf(path);
    if (what.startsWith(SOCKET)) paths.set(Number(what.slice(SOCKET.length, -1)), path);
    if (performance.now() - turnAtMs < TURN_MS) continue;
    await nextTurn();
    turnAtMs = performance.now();
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed in the meantime.
    return '';
  }
}

/** Sockets of the network namespace that a process lives in; those that listen come first. */
async function listAll(pid: number, visit: (socket: ListedSocket) => void): Promise<void> {
  if (linkOf(`/proc/${pid}/ns/net`) === linkOf('/proc/self/ns/net')) {
    try {
      await listSockets({ states: [TCP_LISTEN] }, visit);
      await listSockets({ states: HELD_STATES }, visit);
      return;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
    }
  }
  await readTcpTables({ tcp: `/proc/${pid}/net/tcp`, tcp6: `/proc/${pid}/net/tcp6` }, visit);
}

/** The kernel lists no TCP socket that was reset and not closed, and none that was never used. */
async function addUnlisted(tally: SocketTally): Promise<void> {
  const protocolOf = tally.unlisted.size > 0 ? await loadProtocolOf() : null;
  if (protocolOf === null) return;
  let turnAtMs = performance.now();
  for (const path of tally.unlisted.values()) {
    if (protocolOf(path)?.startsWith('TCP')) tally.addUnlisted();
    if (performance.now() - turnAtMs < TURN_MS) continue;
    await nextTurn();
    turnAtMs = performance.now();
  }
}

/** ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING. */
const HELD_STATES = [1, 2, 4, 5, 8, 9, 11];
const PORTS = 65_536;

/** Tells the sockets of some inodes apart. An accepting end has the port of a listener; a connecting end has one of its own. */
class SocketTally {
  /** Those that no list has shown until now. */
  readonly unlisted: Paths;
  readonly #listening = new Uint8Array(PORTS);
  readonly #addresses = new PortSet();
  readonly #ports = new PortSet();
  readonly #queues = new QueueCounter();
  #tcp = 0;
  #connecting = 0;
  #portCount = 0;
  #addressCount = 0;

  readonly #sockets: number;

  constructor(paths: Paths) {
    this.unlisted = paths;
    this.#sockets = paths.size;
  }

  add(socket: ListedSocket): void {
    const { state, inode, localPort, localAddress } = socket;
    if (state === TCP_LISTEN) this.#listening[localPort] = 1;
    // While other sockets come and go the kernel may list one twice.
    if (!this.unlisted.delete(inode)) return;
    this.#tcp++;
    if (this.#listening[localPort] === 1) return;
    this.#connecting++;
    this.#queues.add(socket);
    if (this.#ports.add('', localPort)) this.#portCount++;
    if (this.#addresses.add(localAddress, localPort)) this.#addressCount++;
  }

  addUnlisted(): void {
    this.#tcp++;
  }

  /** @param step each so many-th was looked at */
  result(step: number): HeldSockets {
    return {
      tcp: this.#tcp * step,
      connecting: this.#connecting * step,
      ports: Math.min(PORTS, this.#portCount * step),
      addresses: this.#addressCount * step,
      queues: timesQueues(this.#queues.result(), step),
      others: Math.max(0, this.#sockets - this.#tcp) * step,
    };
  }
}
