import type { Slot } from '../protocols/protocol.ts';
import { Addresses } from './addresses.ts';
import { abandon, dial, enter } from './dial.ts';
import type { Destination } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { AF_UNIX, type Libc } from './libc.ts';

/** Ports of our choice that may turn out to be taken by others before the system is asked to choose. */
export const PORT_TRIES = 8;

/** Begins connections of slots, each from the address and port that is its turn, and takes ports back when they have closed. */
export class EpollPorts {
  readonly #libc: Libc;
  readonly #addresses: Addresses;
  readonly #ports: Uint16Array;
  readonly #routes: Uint16Array;

  constructor(libc: Libc, options: EngineOptions) {
    this.#libc = libc;
    this.#addresses = new Addresses(libc, options);
    this.#ports = new Uint16Array(options.slots);
    this.#routes = new Uint16Array(options.slots);
  }

  /**
   * @param register has the socket watched; returns false when that failed
   * @returns undefined when a connection is under way, else the system's word for why not
   */
  open(
    slot: Slot,
    destination: Destination,
    sourceIp: string | undefined,
    register: (slot: Slot, fd: number) => boolean,
  ): string | undefined {
    const route = this.#addresses.routeOf(destination, sourceIp);
    this.#routes[slot] = route;
    this.#ports[slot] = 0;
    let failure: string | undefined;
    for (let tries = 0; tries <= PORT_TRIES; tries++) {
      // Others may sit on the ports we choose. In the end the system looks for one itself, slowly but surely.
      failure = this.#tryOpen(slot, route, tries < PORT_TRIES, register);
      if (failure !== 'EADDRINUSE' && failure !== 'EADDRNOTAVAIL') break;
    }
    return failure;
  }

  /** It goes to a Unix socket. */
  isAtSocket(slot: Slot): boolean {
    return this.#addresses.route(this.#routes[slot]!).family === AF_UNIX;
  }

  /** Connects one that goes to a Unix socket: see {@link enter}. */
  enter(slot: Slot, fd: number): boolean | string {
    return enter(this.#libc, fd, this.#addresses.route(this.#routes[slot]!));
  }

  /** Its socket is closed: its port may be given out again. */
  closed(slot: Slot): void {
    this.#addresses.returnPort(this.#routes[slot]!, this.#ports[slot]!);
  }

  #tryOpen(
    slot: Slot,
    route: number,
    ownPort: boolean,
    register: (slot: Slot, fd: number) => boolean,
  ): string | undefined {
    if (ownPort) this.#ports[slot] = this.#addresses.takePort(route);
    else this.#addresses.clearPort(route);
    const fd = dial(this.#libc, this.#addresses.route(route), this.#ports[slot] !== 0);
    const why = typeof fd === 'string' ? fd : register(slot, fd) ? undefined : abandon(this.#libc, fd);
    if (why !== undefined) {
      this.#addresses.returnPort(route, this.#ports[slot]!);
      this.#ports[slot] = 0;
    }
    return why;
  }
}
