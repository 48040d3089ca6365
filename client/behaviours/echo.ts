import { LEAST_ECHO_BYTES } from '../../core/behaviour.ts';
import { recordMs } from '../../core/histogram.ts';
import type { MessageProtocol, Slot } from '../protocols/protocol.ts';
import { type Behaviour, type BehaviourDeps, LATE_REPLY_MS, MOST_AT_ONCE } from './behaviour.ts';

/**
 * Sends `perSecond` messages of `bytes` over this worker's open connections, in turn, and waits for each to come back.
 * Open-loop: when each is sent follows from the clock alone, never from replies.
 *
 * A message carries the moments when it was planned and sent, so that nothing has to be remembered about it: what comes
 * back says how long it took, from both.
 */
export function createEcho(perSecond: number, bytes: number, deps: BehaviourDeps<MessageProtocol>): Behaviour {
  const { slots, protocol, send, tally, histograms, now } = deps;
  const payload = new Uint8Array(bytes);
  const times = new DataView(payload.buffer);
  const replies = new ReplyReader(slots.capacity, bytes);
  /** Sent and not yet back. */
  const pending = new Uint16Array(slots.capacity);
  let cursor = -1;
  /** The moment from which messages are planned, and how many have been since. Restarts when nobody is open. */
  let startedAtMs: number | undefined;
  let taken = 0;

  const plannedAtMs = (index: number): number => startedAtMs! + ((index + 1) * 1000) / perSecond;

  return {
    step(nowMs) {
      if (tally.get('open') === 0) {
        startedAtMs = undefined;
        return Number.POSITIVE_INFINITY;
      }
      if (startedAtMs === undefined) {
        startedAtMs = nowMs;
        taken = 0;
      }
      for (let i = 0; i < MOST_AT_ONCE && plannedAtMs(taken) <= nowMs; i++, taken++) {
        cursor = slots.nextOpen(cursor);
        if (cursor < 0) break;
        const sentAtMs = now();
        times.setFloat64(0, plannedAtMs(taken));
        times.setFloat64(8, sentAtMs);
        recordMs(histograms.sendLag, sentAtMs - plannedAtMs(taken));
        tally.add('messages', 1);
        tally.add('pending', 1);
        pending[cursor] = pending[cursor]! + 1;
        send(cursor, protocol.message(payload));
      }
      return Math.max(0, plannedAtMs(taken) - nowMs);
    },

    rest() {
      startedAtMs = undefined;
    },

    onOpened() {},
    onAnswer() {},

    onPayload(slot, piece) {
      replies.read(slot, piece, (plannedMs, sentMs) => {
        // Something else that the target says, or more than was sent, is no reply.
        if (pending[slot] === 0) return;
        const nowMs = now();
        pending[slot] = pending[slot]! - 1;
        tally.add('pending', -1);
        tally.add('replies', 1);
        if (nowMs - plannedMs > LATE_REPLY_MS) tally.add('lateReplies', 1);
        recordMs(histograms.rttPlanned, nowMs - plannedMs);
        recordMs(histograms.rttActual, nowMs - sentMs);
      });
    },

    onClosed(slot) {
      tally.add('pending', -pending[slot]!);
      tally.add('lostReplies', pending[slot]!);
      pending[slot] = 0;
      replies.forget(slot);
    },
  };
}

/**
 * Finds the times at the head of each reply in a stream that comes in any pieces. Replies are as long as messages: tcp
 * has no other mark of where one ends.
 */
class ReplyReader {
  readonly #length: number;
  /** Bytes of the current reply that have come, for each slot. */
  readonly #offsets: Uint32Array;
  /** Heads that came in pieces. */
  readonly #heads = new Map<Slot, Uint8Array>();

  constructor(slots: number, length: number) {
    this.#length = length;
    this.#offsets = new Uint32Array(slots);
  }

  read(slot: Slot, piece: Uint8Array, found: (plannedMs: number, sentMs: number) => void): void {
    let at = 0;
    while (at < piece.length) {
      const offset = this.#offsets[slot]!;
      const take = Math.min(this.#length - offset, piece.length - at);
      if (offset < LEAST_ECHO_BYTES) this.#keepHead(slot, offset, piece.subarray(at, at + take));
      at += take;
      if (offset + take < this.#length) {
        this.#offsets[slot] = offset + take;
        continue;
      }
      const head = this.#heads.get(slot)!;
      const times = new DataView(head.buffer, head.byteOffset);
      found(times.getFloat64(0), times.getFloat64(8));
      this.forget(slot);
    }
  }

  forget(slot: Slot): void {
    this.#offsets[slot] = 0;
    this.#heads.delete(slot);
  }

  #keepHead(slot: Slot, offset: number, piece: Uint8Array): void {
    let head = this.#heads.get(slot);
    if (!head) {
      head = new Uint8Array(LEAST_ECHO_BYTES);
      this.#heads.set(slot, head);
    }
    head.set(piece.subarray(0, LEAST_ECHO_BYTES - offset), offset);
  }
}
