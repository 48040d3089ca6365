import { recordMs } from '../../core/stats/histogram.ts';
import type { RequestProtocol, Slot } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, LATE_REPLY_MS, MOST_AT_ONCE } from './behaviour.ts';

/** Whether a request can go out on a connection. */
const NOT_READY = 0;
const READY = 1;
/** One is on its way. */
const ASKED = 2;
/** The lowest class of status that is counted. */
const FIRST_CLASS = 2;

/**
 * Makes `perSecond` requests over this worker's open connections, in turn, one at a time on each. Open-loop: when each
 * is due follows from the clock alone, never from answers. What is due while every connection waits for its answer goes out
 * on the next that is free, and its time counts from when it was planned. So a server that stalls makes all requests late
 * that it would have had to answer meanwhile, not just those that it was sent.
 */
export function createRequests(perSecond: number, deps: BehaviourDeps<RequestProtocol>): Behaviour {
  const { connections, protocol, tally, histograms, now } = deps;
  const stages = new Uint8Array(connections.capacity);
  /** Times of the request that is on its way. */
  const plannedAtMs = new Float64Array(connections.capacity);
  const sentAtMs = new Float64Array(connections.capacity);
  let cursor = -1;
  /** The moment from which requests are planned, and how many have been due and sent since. Restarts after a rest. */
  let startedAtMs = 0;
  let dueCount = 0;
  let sentCount = 0;
  let isResting = true;

  const plannedOf = (index: number): number => startedAtMs + ((index + 1) * 1000) / perSecond;

  /** Those that wait for a connection will get none. */
  function giveUpWaiting(): void {
    lose(dueCount - sentCount);
    sentCount = dueCount;
  }

  function lose(count: number): void {
    tally.add(COUNTER.pending, -count);
    tally.add(COUNTER.lostReplies, count);
  }

  /** The next that is due, on a connection that is ready. */
  function ask(slot: Slot): void {
    plannedAtMs[slot] = plannedOf(sentCount);
    sentAtMs[slot] = now();
    stages[slot] = ASKED;
    sentCount++;
    connections.send(slot, protocol.request(slot));
  }

  function ready(slot: Slot): void {
    stages[slot] = READY;
    if (dueCount > sentCount) ask(slot);
  }

  function nextReady(): Slot {
    const after = stages.indexOf(READY, cursor + 1);
    return after >= 0 ? after : stages.indexOf(READY);
  }

  return {
    step(nowMs) {
      if (tally.get(COUNTER.open) === 0) {
        isResting = true;
        return Number.POSITIVE_INFINITY;
      }
      if (isResting) {
        giveUpWaiting();
        startedAtMs = nowMs;
        [dueCount, sentCount] = [0, 0];
        isResting = false;
      }
      for (let i = 0; i < MOST_AT_ONCE && plannedOf(dueCount) <= nowMs; i++) {
        // With more waiting than this step has dealt with, none is ready: each that gets ready takes one.
        const slot = dueCount === sentCount ? nextReady() : -1;
        dueCount++;
        tally.add(COUNTER.messages, 1);
        tally.add(COUNTER.pending, 1);
        // For one that has to wait it is the target that is slow from here on.
        recordMs(histograms.sendLag, now() - plannedOf(dueCount - 1));
        if (slot < 0) continue;
        cursor = slot;
        ask(slot);
      }
      return Math.max(0, plannedOf(dueCount) - nowMs);
    },

    rest() {
      // What is due by now still goes out as connections get free: those that wait are late, not forgiven.
      isResting = true;
    },

    onOpened: ready,
    onPayload() {},

    onAnswer(slot, statusClass, staysOpen) {
      if (stages[slot] !== ASKED) return;
      const nowMs = now();
      const fromPlannedMs = nowMs - plannedAtMs[slot]!;
      stages[slot] = NOT_READY;
      tally.add(COUNTER.pending, -1);
      tally.add(COUNTER.replies, 1);
      tally.status(statusClass - FIRST_CLASS);
      if (fromPlannedMs > LATE_REPLY_MS) tally.add(COUNTER.lateReplies, 1);
      recordMs(histograms.rttPlanned, fromPlannedMs);
      recordMs(histograms.rttActual, nowMs - sentAtMs[slot]!);
      if (staysOpen) ready(slot);
    },

    onClosed(slot) {
      if (stages[slot] === ASKED) lose(1);
      stages[slot] = NOT_READY;
      // The last one that is open: it isn't counted out yet.
      if (tally.get(COUNTER.open) <= 1) giveUpWaiting();
    },
  };
}
