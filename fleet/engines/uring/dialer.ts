import type { Slot } from '../../protocols/protocol.ts';
import { Addresses } from '../addresses.ts';
import type { Destination } from '../engine.ts';
import type { EngineOptions } from '../engine-options.ts';
import { ASK_EVERY_MS } from '../epoll-backlog.ts';
import { PORT_TRIES } from '../epoll-ports.ts';
import { AF_UNIX, type Libc, SOCK_NONBLOCK, SOCK_STREAM } from '../libc.ts';
import { FIXED, LINK, OP, SKIP, SQE } from './abi.ts';
import { SocketBacklog } from './backlog.ts';
import type { UringCalls } from './calls.ts';
import { EAGAIN } from './errors.ts';
import type { Ring } from './ring.ts';
import type { SharedParts } from './shared-parts.ts';
import type { SocketOptions } from './socket-options.ts';
import { KIND } from './states.ts';

/** Where a route's destination lies, for as long as the engine does. */
interface Place {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** Begins connections of slots, each from the address and port that is its turn, and takes ports back when they have closed. */
export class Dialer {
  readonly #calls: UringCalls;
  readonly #parts: SharedParts;
  readonly #options: SocketOptions;
  readonly #addresses: Addresses;
  readonly #ports: Uint16Array;
  readonly #routes: Uint16Array;
  readonly #places: Place[] = [];
  readonly #backlog: SocketBacklog;
  /** How often the few have tried whose first port was taken by others. */
  readonly #tries = new Map<Slot, number>();

  constructor(calls: UringCalls, libc: Libc, parts: SharedParts, socketOptions: SocketOptions, options: EngineOptions) {
    this.#calls = calls;
    this.#parts = parts;
    this.#options = socketOptions;
    this.#addresses = new Addresses(libc, options);
    this.#ports = new Uint16Array(options.slots);
    this.#routes = new Uint16Array(options.slots);
    this.#backlog = new SocketBacklog(parts.states, (slot) => this.#dial(slot, this.#routes[slot]!));
  }

  /** A completion of kind `connect` follows. */
  open(slot: Slot, destination: Destination, sourceIp: string | undefined): void {
    const route = this.#addresses.routeOf(destination, sourceIp);
    this.#routes[slot] = route;
    this.#ports[slot] = this.#addresses.takePort(route);
    if (this.isAtSocket(slot)) this.#backlog.add(slot);
    else this.#dial(slot, route);
  }

  /** It goes to a Unix socket. */
  isAtSocket(slot: Slot): boolean {
    return this.#addresses.route(this.#routes[slot]!).family === AF_UNIX;
  }

  /** Begins what is due of those that wait at Unix sockets. */
  step(): void {
    if (!this.#backlog.isEmpty) this.#backlog.step();
  }

  get isDue(): boolean {
    return this.#backlog.isDue;
  }

  /** How long a turn may wait at the most. */
  get patienceMs(): number {
    return this.#backlog.isEmpty ? Number.POSITIVE_INFINITY : ASK_EVERY_MS;
  }

  /**
   * A connection at a Unix socket has been tried.
   *
   * @param isOver it was given up meanwhile
   * @returns whether it has to wait for room
   */
  waits(slot: Slot, result: number, isOver: boolean): boolean {
    if (!this.isAtSocket(slot)) return false;
    const isRefused = result === -EAGAIN && !isOver;
    this.#backlog.answered(slot, isRefused);
    return isRefused;
  }

  /**
   * Others may sit on the port that we chose: another one is tried. In the end the system looks for one itself, slowly but surely.
   *
   * @param why the system's word
   * @returns whether it is under way again
   */
  tryAgain(slot: Slot, why: string): boolean {
    if (this.#ports[slot] === 0 || (why !== 'EADDRINUSE' && why !== 'EADDRNOTAVAIL')) return false;
    const route = this.#routes[slot]!;
    const tries = (this.#tries.get(slot) ?? 0) + 1;
    this.#tries.set(slot, tries);
    this.#addresses.returnPort(route, this.#ports[slot]!);
    if (tries < PORT_TRIES) this.#ports[slot] = this.#addresses.takePort(route);
    else {
      this.#ports[slot] = 0;
      this.#addresses.clearPort(route);
    }
    this.#dial(slot, route);
    return true;
  }

  connected(slot: Slot): void {
    if (this.#tries.size > 0) this.#tries.delete(slot);
  }

  /** Its socket is closed: its port may be given out again. */
  closed(slot: Slot): void {
    this.connected(slot);
    this.#addresses.returnPort(this.#routes[slot]!, this.#ports[slot]!);
  }

  /** A step that fails ends those that wait for it, and is told alone. */
  #dial(slot: Slot, route: number): void {
    const { rings, untold } = this.#parts;
    const ring = rings.of(slot);
    untold[slot]!++;
    const { family, source } = this.#addresses.route(route);
    const { bytes, address } = this.#placeOf(route);
    ring.makeRoom();
    const socket = ring.add(OP.socket, LINK | SKIP, family, slot, KIND.connect);
    // A full backlog is to be told, and not waited for by a thread of the kernel's.
    ring.words[socket + SQE.offset] = family === AF_UNIX ? SOCK_STREAM | SOCK_NONBLOCK : SOCK_STREAM;
    ring.words[socket + SQE.fileIndex] = slot - ring.base + 1;
    if (source) this.#bind(ring, slot, source);
    const connect = ring.add(OP.connect, FIXED, slot - ring.base, slot, KIND.connect);
    ring.point(connect, SQE.address, address);
    ring.words[connect + SQE.offset] = bytes.length;
  }

  #bind(ring: Ring, slot: Slot, source: Uint8Array): void {
    this.#options.beforeBind(ring, slot, this.#ports[slot] !== 0);
    const bind = ring.add(OP.bind, FIXED | LINK | SKIP, slot - ring.base, slot, KIND.connect);
    ring.pointToCopy(bind, source);
    ring.words[bind + SQE.offset] = source.length;
  }

  #placeOf(route: number): Place {
    const known = this.#places[route];
    if (known) return known;
    const bytes = new Uint8Array(this.#addresses.route(route).destination);
    const place = { bytes, address: this.#calls.addressOf(bytes) };
    this.#places[route] = place;
    return place;
  }
}
