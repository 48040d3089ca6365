import type { Outcome } from '../../core/values/outcomes.ts';
import type {
  EndCause,
  Endpoint,
  Engine,
  EngineEvents,
  EngineTls,
  SecuredEngineEvents,
  WireBytes,
} from '../engines/engine.ts';
import { HeldBack } from '../engines/held-back.ts';
import type { LocalEnd } from '../engines/local-end.ts';
import type { Slot } from '../protocols/protocol.ts';
import { Cork } from './cork.ts';
import { closedEarly } from './tls/failures.ts';
import type { Transport, TransportEvents } from './transport.ts';

/** In one byte per slot: where it is, and what was said. */
const FREE = 0;
const CONNECTED = 1;
const SECURED = 2;
const FAILED = 3;
const PHASE = 3;
/** We said that nothing more comes from us; the peer did, and its end was told. */
const SAID_GOODBYE = 4;
const PEER_ENDED = 8;
/** Nothing is told of it until somebody resumes. */
const PAUSED = 16;

/**
 * An engine over an engine: what goes through its sockets is sealed and opened by a transport. What the transport's last
 * word of the handshake and the protocol's first have to say leaves in one segment.
 *
 * @param makeInner the engine that has the sockets, telling its events to what it is given
 * @param makeTransport the transport, likewise
 */
export class SecuredEngine implements Engine {
  readonly tls: EngineTls;
  readonly #inner: Engine;
  readonly #transport: Transport;
  readonly #events: SecuredEngineEvents;
  readonly #states: Uint8Array;
  readonly #cork = new Cork();
  readonly #heldBack = new HeldBack();
  /** What waits unsealed behind what the socket hasn't taken yet, since a later one makes it needless. */
  readonly #replaceable = new Map<Slot, Uint8Array>();
  readonly #wire: WireBytes = { bytesIn: 0, bytesOut: 0 };

  constructor(
    slots: number,
    makeInner: (events: EngineEvents) => Engine,
    makeTransport: (events: TransportEvents) => Transport,
    events: SecuredEngineEvents,
  ) {
    this.#events = events;
    this.#states = new Uint8Array(slots);
    this.#inner = makeInner({
      onConnected: (slot) => this.#connected(slot),
      onBytes: (slot, bytes) => this.#arrived(slot, bytes),
      onEnd: (slot) => this.#ended(slot),
      onGone: (slot, cause, detail) => this.#gone(slot, cause, detail),
    });
    this.#transport = makeTransport({
      onSend: (slot, bytes) => void this.#put(slot, bytes),
      onSecured: (slot) => this.#secured(slot),
      onPlain: (slot, bytes) => this.#plain(slot, bytes),
      onPeerEnd: (slot) => this.#peerEnd(slot),
      onFailure: (slot, outcome, detail, isStranger = false) => this.#failed(slot, outcome, detail, isStranger),
    });
    const transport = this.#transport;
    this.tls = { counts: transport.counts, wire: this.#wire, cameSoFar: (slot) => transport.cameSoFar(slot) };
  }

  get name(): Engine['name'] {
    return this.#inner.name;
  }

  open(slot: Slot, destination: Endpoint, sourceIp: string | undefined): void {
    this.#states[slot] = FREE;
    this.#inner.open(slot, destination, sourceIp);
  }

  write(slot: Slot, bytes: Uint8Array, replaces = false): boolean {
    if (!this.#canSend(slot) || bytes.length === 0) return true;
    // A record that is sealed can't be left out any more, so this one isn't yet.
    if (replaces && this.#inner.isQueued(slot)) {
      this.#replaceable.set(slot, new Uint8Array(bytes));
      return true;
    }
    return this.#sendReplaceable(slot) && this.#put(slot, this.#transport.seal(slot, bytes));
  }

  finish(slot: Slot): void {
    if (this.#canSend(slot)) {
      this.#sendReplaceable(slot);
      this.#put(slot, this.#transport.goodbye(slot));
      this.#set(slot, SAID_GOODBYE);
    }
    this.#uncork(slot);
    // Its peer's end lies behind what was held back.
    this.resumeReading(slot);
    this.#inner.finish(slot);
  }

  abort(slot: Slot): void {
    this.#inner.abort(slot);
  }

  leave(slot: Slot): void {
    this.#inner.leave(slot);
  }

  pauseReading(slot: Slot): void {
    if (this.#phase(slot) !== SECURED || this.#is(slot, SAID_GOODBYE)) return;
    this.#set(slot, PAUSED);
    this.#heldBack.hold(slot);
    this.#inner.pauseReading(slot);
  }

  resumeReading(slot: Slot): void {
    // What only reads some isn't held back, but its socket is.
    this.#inner.resumeReading(slot);
    this.#release(slot);
  }

  readSome(slot: Slot, mostBytes: number): void {
    if (this.#phase(slot) !== SECURED) return;
    this.#release(slot);
    this.#inner.readSome(slot, mostBytes);
  }

  localEnd(slot: Slot): LocalEnd | undefined {
    return this.#inner.localEnd(slot);
  }

  /** What came meanwhile is told from a turn, like all that comes. */
  #release(slot: Slot): void {
    if (!this.#is(slot, PAUSED)) return;
    this.#states[slot] = this.#states[slot]! & ~PAUSED;
    this.#heldBack.release(slot);
  }

  turn(maxWaitMs: number, gatherMs?: number): Promise<void> | undefined {
    const hasDue = this.#heldBack.isDue;
    if (hasDue) this.#heldBack.tell(this.#tellHeldBack);
    for (const slot of this.#replaceable.keys()) {
      if (!this.#inner.isQueued(slot)) this.#sendReplaceable(slot);
    }
    return this.#inner.turn(hasDue || this.#heldBack.isDue ? 0 : maxWaitMs, gatherMs);
  }

  isQueued(slot: Slot): boolean {
    return this.#inner.isQueued(slot);
  }

  descriptorOf(slot: Slot): number {
    return this.#inner.descriptorOf(slot);
  }

  forEachUnread(visit: (slot: Slot, forMs: number) => void): void {
    this.#inner.forEachUnread(visit);
  }

  async dispose(): Promise<void> {
    await this.#inner.dispose();
    this.#transport.dispose();
  }

  // What the inner engine says.
  #connected(slot: Slot): void {
    this.#states[slot] = CONNECTED;
    this.#events.onConnected(slot);
    this.#cork.put(slot);
    this.#transport.start(slot);
    this.#uncork(slot);
  }

  #arrived(slot: Slot, bytes: Uint8Array): void {
    this.#wire.bytesIn += bytes.length;
    const phase = this.#phase(slot);
    if (phase === FAILED) {
      // It is being read to its end, and how much that may be has a bound.
      this.#events.onBytes(slot, bytes);
      return;
    }
    if (phase === CONNECTED) this.#cork.put(slot);
    this.#transport.onBytes(slot, bytes);
    if (phase === CONNECTED) this.#uncork(slot);
  }

  #ended(slot: Slot): void {
    const phase = this.#phase(slot);
    if (phase === CONNECTED) {
      const { outcome, detail } = closedEarly(this.#transport.cameSoFar(slot));
      this.#failed(slot, outcome, detail, false);
      return;
    }
    // Some peers end by FIN alone, without the close_notify that RFC 8446 (6.1) asks for.
    this.#peerEnd(slot);
  }

  #gone(slot: Slot, cause: EndCause, detail: string): void {
    this.#states[slot] = FREE;
    this.#cork.drop(slot);
    this.#heldBack.delete(slot);
    this.#replaceable.delete(slot);
    this.#transport.release(slot);
    this.#events.onGone(slot, cause, detail);
  }

  // What the transport says.
  #secured(slot: Slot): void {
    if (this.#phase(slot) !== CONNECTED) return;
    this.#states[slot] = SECURED;
    this.#events.onSecured(slot);
  }

  #plain(slot: Slot, bytes: Uint8Array): void {
    if (this.#phase(slot) !== SECURED || this.#is(slot, PEER_ENDED)) return;
    if (this.#isHeldBack(slot)) this.#heldBack.push(slot, bytes);
    else this.#events.onBytes(slot, bytes);
  }

  #peerEnd(slot: Slot): void {
    if (this.#phase(slot) === FREE || this.#is(slot, PEER_ENDED)) return;
    if (this.#isHeldBack(slot)) {
      this.#heldBack.end(slot);
      return;
    }
    this.#set(slot, PEER_ENDED);
    this.#events.onEnd(slot);
  }

  #failed(slot: Slot, outcome: Outcome, detail: string, isStranger: boolean): void {
    const phase = this.#phase(slot);
    if (phase !== CONNECTED && phase !== SECURED) return;
    this.#states[slot] = FAILED;
    this.#heldBack.delete(slot);
    this.#replaceable.delete(slot);
    // The alert goes before whatever becomes of the connection now.
    this.#uncork(slot);
    this.#events.onSecureFailure(slot, outcome, detail, isStranger);
  }

  // Sending.
  /** @returns false when more would wait than the bounds allow */
  #put(slot: Slot, bytes: Uint8Array): boolean {
    this.#wire.bytesOut += bytes.length;
    return this.#cork.take(slot, bytes) || this.#inner.write(slot, bytes);
  }

  #uncork(slot: Slot): void {
    const corked = this.#cork.pull(slot);
    if (corked.length > 0) this.#inner.write(slot, corked);
  }

  #sendReplaceable(slot: Slot): boolean {
    const bytes = this.#replaceable.size === 0 ? undefined : this.#replaceable.get(slot);
    if (bytes === undefined) return true;
    this.#replaceable.delete(slot);
    return this.#put(slot, this.#transport.seal(slot, bytes));
  }

  /** One for all connections: what is held back of one that was resumed, in order. */
  readonly #tellHeldBack = (slot: Slot, bytes: Uint8Array | undefined): void => {
    if (bytes === undefined) this.#peerEnd(slot);
    else if (this.#phase(slot) === SECURED) this.#events.onBytes(slot, bytes);
  };

  #canSend(slot: Slot): boolean {
    return this.#phase(slot) === SECURED && !this.#is(slot, SAID_GOODBYE);
  }
  #isHeldBack(slot: Slot): boolean {
    return this.#is(slot, PAUSED) || this.#heldBack.has(slot);
  }
  #phase(slot: Slot): number {
    return this.#states[slot]! & PHASE;
  }
  #is(slot: Slot, flag: number): boolean {
    return (this.#states[slot]! & flag) !== 0;
  }
  #set(slot: Slot, flag: number): void {
    this.#states[slot] = this.#states[slot]! | flag;
  }
}
