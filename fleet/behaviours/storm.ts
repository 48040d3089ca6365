import { type StormPlan, waitMsOf, withinMsOf } from '../../core/behaviours/storm.ts';
import { recordMs } from '../../core/stats/histogram.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { scramble } from '../../core/values/scramble.ts';
import { COUNTER } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, MOST_AT_ONCE } from './behaviour.ts';
import { DueHeap } from './due-heap.ts';
import { isOfShare } from './share.ts';

/** No connection that is away. */
const NONE = -1;
const MOST_TRIES = 255;
/** Seconds that are told one by one: a bucket each. */
const MOST_SECONDS = 128;

/**
 * A share of the open connections is cut, by us or by their target that restarts. Each comes back by itself: it waits, tries, and
 * waits again where the attempt failed. One that the peer drops meanwhile comes back in the same way. One that is away is an entry: when it was cut, how often
 * it has tried, and when it is due.
 */
export function createStorm(plan: StormPlan, { connections, tally, histograms, now, marks }: BehaviourDeps): Behaviour {
  const { capacity } = connections;
  const random = seededRandom(scramble(marks.run ^ scramble(marks.first)));
  const waiting = new DueHeap(capacity);
  const cutAtMs = new Float64Array(capacity);
  const tries = new Uint8Array(capacity);
  /** Since the episode began: when its latest attempt did. */
  const triedAfterMs = new Float64Array(capacity);
  const withinMs = withinMsOf(plan);
  let begunAtMs = 0;
  /** Entries that were in use, to be taken again, and how many have ever been. */
  const free = new Int32Array(capacity);
  let freeCount = 0;
  let usedCount = 0;
  /** Which entry an attempt is of, by its slot, from 1; 0: of none. */
  const entryOf = new Int32Array(capacity);
  const byTarget = plan.cut === 'restart';
  /** 1: it is to be cut. */
  const chosen = new Uint8Array(capacity);
  let chosenCount = 0;
  /** Its peer has just ended it, as it was to. */
  let cutByTarget = NONE;
  let cursor = NONE;
  /** The entry whose attempt is being begun: it may fail at once. */
  let beginning = NONE;
  let goesOn = false;

  function leave(nowMs: number): void {
    const entry = freeCount > 0 ? free[--freeCount]! : usedCount++;
    cutAtMs[entry] = nowMs;
    tries[entry] = 0;
    wait(entry, nowMs);
  }

  function wait(entry: number, nowMs: number): void {
    waiting.add(entry, nowMs + waitMsOf(plan.comesBack, tries[entry]!, random()));
    tally.add(COUNTER.away, 1);
  }

  /** Evenly over all slots, so that old and new ones are among them. */
  function choose(): void {
    const open = tally.get(COUNTER.open);
    let slot = NONE;
    for (let place = 0; place < open; place++) {
      slot = connections.nextOpen(slot);
      if (!isOfShare(place, plan.percent, marks)) continue;
      chosen[slot] = 1;
      chosenCount += 1;
    }
    tally.set(COUNTER.toCut, chosenCount);
    cursor = NONE;
  }

  function unchoose(slot: number): void {
    chosen[slot] = 0;
    chosenCount -= 1;
    tally.add(COUNTER.toCut, -1);
  }

  function cutSome(how: 'fin' | 'rst'): void {
    for (let i = 0; i < MOST_AT_ONCE && chosenCount > 0; i++) {
      cursor = chosen.indexOf(1, cursor + 1);
      unchoose(cursor);
      connections.cut(cursor, how);
      tally.add(COUNTER.cut, 1);
      leave(now());
    }
  }

  /** @returns whether there was no room for one that is due */
  function bringBack(nowMs: number): boolean {
    for (let i = 0; i < MOST_AT_ONCE && waiting.firstDueAtMs <= nowMs; i++) {
      const dueAtMs = waiting.firstDueAtMs;
      const entry = waiting.takeFirst();
      const before = tries[entry]!;
      tries[entry] = Math.min(MOST_TRIES, before + 1);
      tally.add(COUNTER.away, -1);
      beginning = entry;
      triedAfterMs[entry] = now() - begunAtMs;
      const slot = connections.comeBack(dueAtMs);
      if (slot < 0) {
        tries[entry] = before;
        tally.add(COUNTER.away, 1);
        waiting.add(entry, dueAtMs);
        return true;
      }
      if (before > 0) tally.add(COUNTER.retries, 1);
      countSecond(histograms.returnsBegun, triedAfterMs[entry]!);
      if (beginning !== NONE) entryOf[slot] = entry + 1;
    }
    beginning = NONE;
    return false;
  }

  return {
    begin(nowMs) {
      goesOn = true;
      begunAtMs = nowMs;
      tally.set(COUNTER.begunAtMs, nowMs);
      choose();
    },

    end() {
      goesOn = false;
      tally.add(COUNTER.away, -waiting.count);
      waiting.clear();
      [freeCount, usedCount] = [0, 0];
      entryOf.fill(0);
      chosen.fill(0);
      chosenCount = 0;
      tally.set(COUNTER.toCut, 0);
    },

    step(nowMs) {
      if (!goesOn) return Number.POSITIVE_INFINITY;
      if (plan.cut !== 'restart') cutSome(plan.cut);
      const isHeld = bringBack(nowMs);
      if (chosenCount > 0 && !byTarget) return 0;
      // With no room nothing is due before something happens.
      return isHeld ? Number.POSITIVE_INFINITY : Math.max(0, waiting.firstDueAtMs - nowMs);
    },

    rest() {},

    onOpened(slot) {
      const entry = entryOf[slot]! - 1;
      if (entry < 0) return;
      entryOf[slot] = 0;
      free[freeCount++] = entry;
      const nowMs = now();
      recordMs(histograms.backAfter, nowMs - cutAtMs[entry]!);
      const afterMs = triedAfterMs[entry]!;
      if (nowMs - begunAtMs - afterMs <= withinMs) countSecond(histograms.returnsInTime, afterMs);
      tally.add(COUNTER.back, 1);
      tally.set(COUNTER.lastBackAtMs, nowMs);
    },

    onReturnFailed(slot) {
      const entry = entryOf[slot] === 0 ? beginning : entryOf[slot]! - 1;
      beginning = NONE;
      if (!goesOn || entry === NONE) return;
      entryOf[slot] = 0;
      wait(entry, now());
    },

    onPayload() {},
    onAnswer() {},

    onClosed(slot) {
      cutByTarget = NONE;
      if (chosen[slot] === 0) return;
      unchoose(slot);
      if (byTarget) cutByTarget = slot;
    },

    onLost(slot, reason) {
      if (!goesOn) return undefined;
      leave(now());
      if (slot === cutByTarget) {
        tally.add(COUNTER.cut, 1);
        return 'by-us';
      }
      tally.add(COUNTER.pardoned, 1);
      return reason;
    },
  };
}

function countSecond(counts: Uint32Array, afterMs: number): void {
  const second = Math.floor(afterMs / 1000);
  if (second < MOST_SECONDS) counts[second] = counts[second]! + 1;
}
