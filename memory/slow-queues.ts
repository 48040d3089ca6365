import type { SlowQueues } from '../core/schemas/slow.ts';
import { PortSet } from './port-set.ts';
import { QueueCounter } from './queue-counter.ts';
import { type DiagSocket, listSockets } from './sock-diag.ts';

/** Ends of connections: a few bits for each, however many there are. */
export interface ChosenEnds {
  readonly address: number | string;
  readonly peerPort: number;
  readonly ports: Uint16Array;
}

/** States of a socket that may have queues: all but listeners, requests and TIME_WAIT. */
const QUEUEING_STATES = [1, 2, 4, 5, 8, 9, 11];

/** Tells sockets of some connections apart from all others in the kernel's list, at both ends. */
export class SlowSockets {
  readonly #ends = new Map<number, PortSet>();
  readonly #targetPorts: readonly number[];
  readonly #isLocal: boolean;

  /** @param isLocal the target's ends are in our kernel */
  constructor(ends: readonly ChosenEnds[], isLocal: boolean) {
    for (const { address, peerPort, ports } of ends) {
      const set = this.#ends.get(peerPort) ?? new PortSet();
      this.#ends.set(peerPort, set);
      for (const port of ports) set.add(address, port);
    }
    this.#targetPorts = [...this.#ends.keys()];
    this.#isLocal = isLocal;
  }

  get isEmpty(): boolean {
    return this.#targetPorts.length === 0;
  }

  /**
   * One list of what is at the target's ports.
   *
   * @throws Missing where there is no netlink
   */
  async read(): Promise<SlowQueues> {
    const [target, client] = [new QueueCounter(), new QueueCounter()];
    let held = 0;
    await listSockets({ ports: this.#targetPorts, states: QUEUEING_STATES }, (socket: DiagSocket) => {
      const { localAddress, localPort, remotePort } = socket;
      if (this.#ends.get(remotePort)?.has(localAddress, localPort)) {
        client.add(socket);
      } else if (this.#ends.get(localPort)?.has(socket.remoteAddress, remotePort)) {
        target.add(socket);
        if (socket.inode !== 0) held++;
      }
    });
    return { target: target.result(), client: client.result(), held: this.#isLocal ? held : null };
  }
}
