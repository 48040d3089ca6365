import type { Slot } from '../../protocols/protocol.ts';
import {
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  IPPROTO_TCP,
  SO_LINGER,
  SO_REUSEADDR,
  SOL_SOCKET,
  TCP_NODELAY,
} from '../libc.ts';
import { COMMAND_SETSOCKOPT, FIXED, LINK, OP, SKIP, SQE } from './abi.ts';
import type { UringCalls } from './calls.ts';
import type { Ring } from './ring.ts';
import { KIND } from './states.ts';

/** A switch that is on, and a socket that lingers for no time (`struct linger`): one begins as the other. */
const VALUES = [1, 0] as const;
const SWITCH_BYTES = 4;
const LINGER_BYTES = 8;

/** Options of sockets, set in the order in which entries are added. */
export class SocketOptions {
  readonly #values = new Int32Array(VALUES);
  readonly #address: number;

  constructor(calls: Pick<UringCalls, 'addressOf'>) {
    this.#address = calls.addressOf(this.#values);
  }

  /** For a socket that is to be bound before it connects: steps on its way. @param hasPort it is bound to a port, not only to an address */
  beforeBind(ring: Ring, slot: Slot, hasPort: boolean): void {
    // Without the first a port could serve one destination only; with the second, port 0 is filled in by connect, which
    // knows the destination.
    this.#set(ring, slot, SOL_SOCKET, SO_REUSEADDR, SWITCH_BYTES, KIND.connect, LINK);
    if (!hasPort) this.#set(ring, slot, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, SWITCH_BYTES, KIND.connect, LINK);
  }

  /** Small segments go at once, whatever is not acknowledged yet. */
  noDelay(ring: Ring, slot: Slot): void {
    this.#set(ring, slot, IPPROTO_TCP, TCP_NODELAY, SWITCH_BYTES, KIND.untold, 0);
  }

  /** Its peer is to see a reset. */
  resetWhenClosed(ring: Ring, slot: Slot): void {
    this.#set(ring, slot, SOL_SOCKET, SO_LINGER, LINGER_BYTES, KIND.untold, 0);
  }

  #set(ring: Ring, slot: Slot, level: number, name: number, bytes: number, kind: number, flags: number): void {
    const at = ring.add(OP.command, FIXED | SKIP | flags, slot - ring.base, slot, kind);
    const { words } = ring;
    words[at + SQE.offset] = COMMAND_SETSOCKOPT;
    words[at + SQE.address] = level;
    words[at + SQE.address + 1] = name;
    words[at + SQE.fileIndex] = bytes;
    ring.point(at, SQE.value, this.#address);
  }
}
