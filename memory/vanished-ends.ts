import type { Notice } from '../core/schemas/vanish.ts';
import {
  type DiagSocket,
  listSockets,
  SOCKET_MEMORY,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT1,
  TCP_TIMERS,
} from './sock-diag.ts';

/** A connection whose client is gone, by both its ends, and when that was by the clock of who looks. */
export interface VanishedPeer {
  readonly ownAddress: number | string;
  readonly ownPort: number;
  readonly peerAddress: number | string;
  readonly peerPort: number;
  readonly atMs: number;
}

/** What one look at the server's ends showed. */
export interface EndsSeen {
  readonly held: number;
  /** What the server has said to those that are held and nobody acknowledged, and the memory for it. */
  readonly unackedBytes: number;
  readonly unackedMemoryBytes: number;
  /** Closed by its process, and still kept by its kernel. */
  readonly orphans: number;
}

/** How a timer may be late before it isn't what ended a connection. */
const TIMER_SLACK_MS = 50;
const NEVER = -1;

/**
 * Follows the server's ends of vanished connections in the kernel's list of them, look by look: whether each is still
 * established, and what the kernel had last tried. A few numbers for each.
 */
export class VanishedEndWatch {
  readonly #peers: readonly VanishedPeer[];
  readonly #ports: readonly number[];
  /** By the client's port; of those that share one, a chain. */
  readonly #byPort = new Map<number, number>();
  readonly #nextOfPort: Int32Array;
  /** When it was last seen established, and first missed after that; below 0: not missed. */
  readonly #seenAtMs: Float64Array;
  readonly #missedAtMs: Float64Array;
  readonly #letGo: Uint8Array;
  readonly #isOrphan: Uint8Array;
  /** As it was last seen. */
  readonly #timers: Uint8Array;
  readonly #retries: Uint8Array;
  readonly #dueAtMs: Float64Array;
  readonly #unacked: Uint32Array;
  readonly #wasProbed: Uint8Array;
  readonly #wasRetransmitted: Uint8Array;
  #left: number;
  #everSeen = 0;

  /** @param ports of the server */
  constructor(peers: readonly VanishedPeer[], ports: readonly number[]) {
    const { length } = peers;
    this.#peers = peers;
    this.#ports = ports;
    this.#nextOfPort = new Int32Array(length).fill(NEVER);
    this.#seenAtMs = new Float64Array(peers.map(({ atMs }) => atMs));
    this.#missedAtMs = new Float64Array(length).fill(NEVER);
    this.#letGo = new Uint8Array(length);
    this.#isOrphan = new Uint8Array(length);
    this.#timers = new Uint8Array(length);
    this.#retries = new Uint8Array(length);
    this.#dueAtMs = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.#unacked = new Uint32Array(length);
    this.#wasProbed = new Uint8Array(length);
    this.#wasRetransmitted = new Uint8Array(length);
    this.#left = length;
    for (const [index, { ownPort }] of peers.entries()) {
      this.#nextOfPort[index] = this.#byPort.get(ownPort) ?? NEVER;
      this.#byPort.set(ownPort, index);
    }
  }

  /** Those that the server still has, as far as is sure. */
  get left(): number {
    return this.#left;
  }
  /** Those that were ever seen in the list: none where the server's end lies behind another address, or in another network. */
  get everSeen(): number {
    return this.#everSeen;
  }
  get retransmitted(): number {
    return sum(this.#wasRetransmitted);
  }
  get probed(): number {
    return sum(this.#wasProbed);
  }

  /**
   * One look. A row that isn't there may have been passed over, since the kernel counts rows to find its place. So only what is
   * missing twice in a row has been let go of, and then since the first time.
   *
   * @param now the clock of who looks
   * @throws Missing where the list can't be had
   */
  async look(now: () => number): Promise<EndsSeen> {
    const startedAtMs = now();
    const seen = { held: 0, unackedBytes: 0, unackedMemoryBytes: 0, orphans: 0 };
    const states = [TCP_ESTABLISHED, TCP_FIN_WAIT1];
    const isWhole = await listSockets({ ports: this.#ports, isLocalPort: true, states }, (socket) => {
      const index = this.#find(socket);
      if (index === NEVER) return;
      if (socket.state === TCP_FIN_WAIT1) {
        seen.orphans += 1;
        this.#isOrphan[index] = 1;
        return;
      }
      seen.held += 1;
      seen.unackedBytes += socket.sendQueue;
      if (socket.sendQueue > 0) seen.unackedMemoryBytes += socket.memory(SOCKET_MEMORY.written);
      this.#note(index, socket, now());
    });
    if (isWhole) this.#judge(startedAtMs);
    return seen;
  }

  /** How long each was held that was let go of, in ms. */
  noticeMs(): Float64Array {
    const times: number[] = [];
    for (const [index, { atMs }] of this.#peers.entries()) {
      if (this.#letGo[index] === 1) times.push(this.#letGoAtMs(index) - atMs);
    }
    return Float64Array.from(times).sort();
  }

  /** The longest time in which one of them was let go of: from when it was last seen until it was first missed, in ms. */
  get precisionMs(): number {
    let widest = 0;
    for (let index = 0; index < this.#peers.length; index++) {
      if (this.#letGo[index] === 1) widest = Math.max(widest, this.#missedAtMs[index]! - this.#seenAtMs[index]!);
    }
    return widest;
  }

  notices(): Record<Notice, number> {
    const counts = { ping: 0, silence: 0, 'keep-alive': 0, retransmission: 0 };
    for (let index = 0; index < this.#peers.length; index++) {
      if (this.#letGo[index] === 1) counts[this.#noticeOf(index)] += 1;
    }
    return counts;
  }

  #find({ remotePort, remoteAddress, localPort, localAddress }: DiagSocket): number {
    for (let index = this.#byPort.get(remotePort) ?? NEVER; index >= 0; index = this.#nextOfPort[index]!) {
      const peer = this.#peers[index]!;
      const isSame = peer.peerPort === localPort && peer.ownAddress === remoteAddress;
      if (isSame && peer.peerAddress === localAddress) return index;
    }
    return NEVER;
  }

  #note(index: number, { timer, retries, timerMs, sendQueue }: DiagSocket, nowMs: number): void {
    if (this.#letGo[index] === 1) return;
    // No moment was known for its timer.
    if (this.#dueAtMs[index] === Number.POSITIVE_INFINITY) this.#everSeen += 1;
    this.#seenAtMs[index] = nowMs;
    this.#missedAtMs[index] = NEVER;
    this.#timers[index] = timer;
    this.#retries[index] = retries;
    this.#dueAtMs[index] = nowMs + timerMs;
    this.#unacked[index] = sendQueue;
    if (retries === 0) return;
    if (timer === TCP_TIMERS.keepAlive) this.#wasProbed[index] = 1;
    if (timer === TCP_TIMERS.retransmission) this.#wasRetransmitted[index] = 1;
  }

  /** @param startedAtMs when the list was begun: what was seen in it was seen later */
  #judge(startedAtMs: number): void {
    for (let index = 0; index < this.#peers.length; index++) {
      if (this.#letGo[index] === 1 || this.#seenAtMs[index]! >= startedAtMs) continue;
      if (this.#missedAtMs[index] === NEVER) {
        this.#missedAtMs[index] = startedAtMs;
        continue;
      }
      this.#letGo[index] = 1;
      this.#left -= 1;
    }
  }

  /** Between the last look that showed it and the first that did not. */
  #letGoAtMs(index: number): number {
    return (this.#seenAtMs[index]! + this.#missedAtMs[index]!) / 2;
  }

  #noticeOf(index: number): Notice {
    const dueAtMs = this.#dueAtMs[index]!;
    const isByTimer = this.#retries[index]! > 0 && dueAtMs <= this.#missedAtMs[index]! + TIMER_SLACK_MS;
    // A kernel that gives up leaves nothing behind; a process that closes leaves a FIN that nobody acknowledges.
    if (this.#isOrphan[index] === 0 && isByTimer) {
      if (this.#timers[index] === TCP_TIMERS.keepAlive) return 'keep-alive';
      if (this.#timers[index] === TCP_TIMERS.retransmission) return 'retransmission';
    }
    return this.#unacked[index]! > 0 ? 'ping' : 'silence';
  }
}

const sum = (flags: Uint8Array): number => flags.reduce((total, flag) => total + flag, 0);
