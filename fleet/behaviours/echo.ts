import { recordMs } from '../../core/stats/histogram.ts';
import type { MessageProtocol, Slot } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, LATE_REPLY_MS, MOST_AT_ONCE } from './behaviour.ts';
import { ReplyReader } from './reply-reader.ts';
import { MARK_BYTES, OPENING_NUMBERS, type TimeMark, writeMark } from './time-mark.ts';

const FILLER = '.'.charCodeAt(0);
const LINE_FEED = 10;

/**
 * Sends `perSecond` messages of `bytes` over this worker's open connections, in turn, and waits for each to come back.
 * Open-loop: when each is sent follows from the clock alone, never from replies.
 *
 * A message carries whose it is and the moments when it was planned and sent, so that nothing has to be remembered about
 * it. What comes back says how long it took, from both. What another connection of the run has sent is no reply: it is
 * counted as received from others. A message is one line of text, where it has room for the line's end.
 */
export function createEcho(perSecond: number, bytes: number, deps: BehaviourDeps<MessageProtocol>): Behaviour {
  const { connections, protocol, tally, histograms, now, marks } = deps;
  const payload = new Uint8Array(bytes).fill(FILLER);
  if (bytes > MARK_BYTES) payload[bytes - 1] = LINE_FEED;
  const replies = new ReplyReader(
    connections.capacity,
    { length: bytes, run: marks.run, earliestMs: now() },
    onMessage,
  );
  /** Sent and not yet back: without end where the target answers nobody. */
  const pending = new Uint32Array(connections.capacity);
  /** Which opening each connection is. */
  const openings = new Uint32Array(connections.capacity);
  let nextOpening = marks.first % OPENING_NUMBERS;
  let cursor = -1;
  /** The moment from which messages are planned, and how many have been since. Restarts when nobody is open. */
  let startedAtMs: number | undefined;
  let taken = 0;

  const plannedOf = (index: number): number => startedAtMs! + ((index + 1) * 1000) / perSecond;

  function onMessage(slot: Slot, { opening, plannedAtMs, sentAtMs }: TimeMark, nowMs: number): void {
    if (opening !== openings[slot]) {
      tally.add(COUNTER.fromOthers, 1);
      return;
    }
    // More than was sent is no reply.
    if (pending[slot] === 0) return;
    pending[slot] = pending[slot]! - 1;
    tally.add(COUNTER.pending, -1);
    tally.add(COUNTER.replies, 1);
    if (nowMs - plannedAtMs > LATE_REPLY_MS) tally.add(COUNTER.lateReplies, 1);
    recordMs(histograms.rttPlanned, nowMs - plannedAtMs);
    recordMs(histograms.rttActual, nowMs - sentAtMs);
  }

  return {
    step(nowMs) {
      if (tally.get(COUNTER.open) === 0) {
        startedAtMs = undefined;
        return Number.POSITIVE_INFINITY;
      }
      if (startedAtMs === undefined) {
        startedAtMs = nowMs;
        taken = 0;
      }
      for (let i = 0; i < MOST_AT_ONCE && plannedOf(taken) <= nowMs; i++, taken++) {
        cursor = connections.nextOpen(cursor);
        if (cursor < 0) break;
        const [plannedAtMs, sentAtMs] = [plannedOf(taken), now()];
        writeMark(payload, marks.run, { opening: openings[cursor]!, plannedAtMs, sentAtMs });
        recordMs(histograms.sendLag, sentAtMs - plannedAtMs);
        tally.add(COUNTER.messages, 1);
        tally.add(COUNTER.pending, 1);
        pending[cursor] = pending[cursor]! + 1;
        connections.send(cursor, protocol.message(cursor, payload));
      }
      return Math.max(0, plannedOf(taken) - nowMs);
    },

    rest() {
      startedAtMs = undefined;
    },

    onOpened(slot) {
      openings[slot] = nextOpening;
      nextOpening = (nextOpening + marks.step) % OPENING_NUMBERS;
    },

    onAnswer() {},

    onPayload(slot, piece) {
      replies.read(slot, piece, now());
    },

    onClosed(slot) {
      tally.add(COUNTER.pending, -pending[slot]!);
      tally.add(COUNTER.lostReplies, pending[slot]!);
      pending[slot] = 0;
      replies.forget(slot);
    },
  };
}
