import { recordMs } from '../../core/stats/histogram.ts';
import type { RequestProtocol, Slot } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, MOST_AT_ONCE } from './behaviour.ts';
import { NONE, SlotQueue } from './slot-queue.ts';

/** Where a connection is: not open, or closing; waiting for its answer; pausing before it asks again. */
const AWAY = 0;
const ASKED = 1;
const PAUSING = 2;
/** The lowest class of status that is counted. */
const FIRST_CLASS = 2;

/**
 * Long polling: one request of each open connection is always unanswered. When its answer comes, whatever it says, the
 * connection asks again, at once or after a pause. How long the server held each answer is recorded; that is no latency.
 *
 * @param pauseMs from an answer to the next request
 */
export function createPolls(pauseMs: number, deps: BehaviourDeps<RequestProtocol>): Behaviour {
  const { connections, protocol, tally, histograms, now } = deps;
  const stages = new Uint8Array(connections.capacity);
  /** When its request was sent, or, of one that pauses, when the next is due. */
  const atMs = new Float64Array(connections.capacity);
  const pausing = new SlotQueue(pauseMs > 0 ? connections.capacity : 0);

  function ask(slot: Slot): void {
    stages[slot] = ASKED;
    atMs[slot] = now();
    tally.add(COUNTER.messages, 1);
    tally.add(COUNTER.pending, 1);
    connections.send(slot, protocol.request(slot));
  }

  function pause(slot: Slot, untilMs: number): void {
    stages[slot] = PAUSING;
    atMs[slot] = untilMs;
    pausing.add(slot);
  }

  return {
    step(nowMs) {
      for (let i = 0; i < MOST_AT_ONCE; i++) {
        const slot = pausing.first;
        if (slot === NONE) return Number.POSITIVE_INFINITY;
        if (atMs[slot]! > nowMs) return atMs[slot]! - nowMs;
        pausing.remove(slot);
        ask(slot);
      }
      return 0;
    },

    // A connection that keeps still waits for its answer.
    rest() {},
    onOpened: ask,
    onPayload() {},

    onAnswer(slot, statusClass, staysOpen) {
      if (stages[slot] !== ASKED) return;
      const nowMs = now();
      stages[slot] = AWAY;
      tally.add(COUNTER.pending, -1);
      tally.add(COUNTER.replies, 1);
      tally.status(statusClass - FIRST_CLASS);
      recordMs(histograms.answerHeld, nowMs - atMs[slot]!);
      if (!staysOpen) return;
      if (pauseMs > 0) pause(slot, nowMs + pauseMs);
      else ask(slot);
    },

    onClosed(slot) {
      if (stages[slot] === ASKED) tally.add(COUNTER.pending, -1);
      if (stages[slot] === PAUSING) pausing.remove(slot);
      stages[slot] = AWAY;
    },
  };
}
