import type { SlowPlan, ThroughoutPlan } from '../../core/behaviours/behaviours.ts';
import { HISTOGRAM_BUCKETS } from '../../core/stats/histogram.ts';
import { PEER_LOSSES } from '../../core/values/outcomes.ts';
import { TallyWriter } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER, HISTOGRAMS, type HistogramName } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, type MakeBehaviour, MOST_AT_ONCE } from './behaviour.ts';
import { isOfShare, nextWith } from './share.ts';
import { NONE } from './slot-queue.ts';
import { endsOf } from './slow-ends.ts';

/** What a slot's connection is here for: it isn't open, reads all the time, or is one of the share. */
const AWAY = 0;
const READER = 1;
const SLOW = 2;

/** Acts of the episode, one for each time it is begun: stop reading, read on, close; then it may begin anew. */
const AT_REST = 0;
const READING_SLOWLY = 1;
const READING_ON = 2;
const CLOSING = 3;

/** How often a connection reads that has a pace, and what isn't made up for after a pause. */
const READS_PER_SECOND = 4;
const MOST_BEHIND_MS = 1000;
/** Between two tries to close what found no place among those that are closing. */
const CLOSE_AGAIN_MS = 20;

/**
 * A share of the connections stops reading in an episode, or reads at a pace. All do what is beside that, and each part by itself: what
 * is measured there is measured of the others alone, at rest as well as in the episode. What a slow one is sent, and what it would
 * have to send while its socket takes no more, is counted apart. Which connections are slow follows from the slot; one that is
 * opened while the episode goes on, in place of one that was closed, reads.
 *
 * @param plan this worker's share
 * @param make what is beside it
 */
export function createSlow(plan: SlowPlan, deps: BehaviourDeps, make: MakeBehaviour): Behaviour {
  const { connections, tally, marks, onSlow } = deps;
  const { capacity } = connections;
  const { sharePercent, bytesPerSecond, beside } = plan;
  const messageBytes = beside.kind === 'echo' ? beside.bytes : 0;
  const places = new Uint8Array(capacity);
  const isSlow = new Uint8Array(capacity);
  const owedBytes = new Float64Array(capacity);
  const cameBytes = new Float64Array(capacity);
  const ownTally = new TallyWriter(TallyWriter.allocate());
  let readers = 0;
  let sloth = 0;
  let act = AT_REST;
  let cursor = -1;
  let dueReads = 0;
  let seenMs: number | undefined;
  /** The slot that was closed last, where it was a slow one. */
  let closedSlow: Slot = NONE;

  const [first, step] = [2 * marks.first, 2 * marks.step];
  const others = make(partOf(beside, 1 - sharePercent / 100), {
    ...deps,
    connections: { ...connections, nextOpen: (after) => nextWith(places, READER, after) },
    marks: { ...marks, first, step },
  });
  const slow = make(partOf(beside, sharePercent / 100), {
    ...deps,
    tally: ownTally,
    histograms: unread(),
    connections: { ...connections, nextOpen: (after) => nextWith(places, SLOW, after), send },
    marks: { ...marks, first: first + 1, step },
  });
  const partWith = (slot: Slot): Behaviour => (places[slot] === SLOW ? slow : others);

  /** A target that takes no more of one that doesn't read holds it back: what would wait is no longer its own affair. */
  function send(slot: Slot, bytes: Uint8Array): void {
    if (isSlow[slot] === 1) {
      if (connections.isQueued(slot)) {
        tally.add(COUNTER.slowHeldBack, 1);
        return;
      }
      owedBytes[slot] = owedBytes[slot]! + messageBytes;
      tally.add(COUNTER.slowOwedBytes, messageBytes);
    }
    connections.send(slot, bytes);
  }

  function forEachSlow(visit: (slot: Slot) => void): void {
    for (let slot = isSlow.indexOf(1); slot >= 0; slot = isSlow.indexOf(1, slot + 1)) visit(slot);
  }

  function stopReading(): void {
    for (let slot = places.indexOf(SLOW); slot >= 0; slot = places.indexOf(SLOW, slot + 1)) {
      isSlow[slot] = 1;
      [owedBytes[slot], cameBytes[slot]] = [0, 0];
      tally.add(COUNTER.slow, 1);
      tally.add(COUNTER.slowBegun, 1);
      connections.pauseReading(slot);
    }
    onSlow?.(endsOf(connections, forEachSlow));
  }

  /** @returns ms until it has to be called again */
  function closeSlow(): number {
    let isFull = false;
    forEachSlow((slot) => {
      isFull ||= !connections.close(slot);
    });
    if (isFull) return CLOSE_AGAIN_MS;
    act = AT_REST;
    return Number.POSITIVE_INFINITY;
  }

  /** Goes round the slow ones, so that each reads its part of a second's bytes in its turn. */
  function readAtPace(nowMs: number): number {
    const count = tally.get(COUNTER.slow);
    if (bytesPerSecond === null || count === 0) return Number.POSITIVE_INFINITY;
    const reads = Math.min(READS_PER_SECOND, bytesPerSecond);
    const perMs = (count * reads) / 1000;
    dueReads += Math.min(MOST_BEHIND_MS, nowMs - (seenMs ?? nowMs)) * perMs;
    seenMs = nowMs;
    for (let i = 0; i < MOST_AT_ONCE && dueReads >= 1; i++, dueReads--) {
      cursor = nextWith(isSlow, 1, cursor);
      if (cursor >= 0) connections.readSome(cursor, Math.round(bytesPerSecond / reads));
    }
    return Math.max(0, (1 - dueReads) / perMs);
  }

  return {
    step(nowMs) {
      // With nobody to send on, each would look for somebody again at once.
      const talkInMs = readers > 0 ? others.step(nowMs) : Number.POSITIVE_INFINITY;
      const slowInMs = sloth > 0 ? slow.step(nowMs) : Number.POSITIVE_INFINITY;
      const readInMs = act === READING_SLOWLY ? readAtPace(nowMs) : Number.POSITIVE_INFINITY;
      const closeInMs = act === CLOSING ? closeSlow() : Number.POSITIVE_INFINITY;
      return Math.min(talkInMs, slowInMs, readInMs, closeInMs);
    },

    rest() {
      others.rest();
      slow.rest();
      seenMs = undefined;
    },

    onOpened(slot) {
      if (isOfShare(slot, sharePercent, marks)) {
        places[slot] = SLOW;
        ownTally.set(COUNTER.open, ++sloth);
      } else {
        places[slot] = READER;
        readers++;
      }
      partWith(slot).onOpened(slot);
    },

    onPayload(slot, bytes, last) {
      if (isSlow[slot] === 1) {
        cameBytes[slot] = cameBytes[slot]! + bytes.length;
        tally.add(COUNTER.slowCameBytes, bytes.length);
        tally.add(COUNTER.slowPayloadBytesIn, bytes.length);
      }
      partWith(slot).onPayload(slot, bytes, last);
    },

    onAnswer(slot, statusClass, staysOpen) {
      partWith(slot).onAnswer(slot, statusClass, staysOpen);
    },

    onClosed(slot) {
      partWith(slot).onClosed(slot);
      if (places[slot] === SLOW) ownTally.set(COUNTER.open, --sloth);
      else readers--;
      places[slot] = AWAY;
      closedSlow = isSlow[slot] === 1 ? slot : NONE;
      if (closedSlow === NONE) return;
      isSlow[slot] = 0;
      tally.add(COUNTER.slow, -1);
      tally.add(COUNTER.slowOwedBytes, -owedBytes[slot]!);
      tally.add(COUNTER.slowCameBytes, -cameBytes[slot]!);
    },

    begin() {
      act = (act + 1) % (CLOSING + 1);
      if (act === READING_SLOWLY) stopReading();
      else if (act === READING_ON) forEachSlow(connections.resumeReading);
      else if (act === CLOSING) closeSlow();
    },

    onLost(slot, reason) {
      if (slot !== closedSlow) return undefined;
      // It was asked to read on, and had more to read than there is time for: no doing of its peer.
      if (reason === 'flood') return 'by-us';
      return PEER_LOSSES.has(reason) ? 'by-defence' : undefined;
    },
  };
}

/** What goes over all connections is shared as they are. */
const partOf = (plan: ThroughoutPlan, share: number): ThroughoutPlan =>
  'perSecond' in plan ? { ...plan, perSecond: plan.perSecond * share } : plan;

/** Distributions that nobody asks for: what they are filled with doesn't matter. */
function unread(): Readonly<Record<HistogramName, Uint32Array>> {
  const one = new Uint32Array(HISTOGRAM_BUCKETS);
  return Object.fromEntries(HISTOGRAMS.map((name) => [name, one])) as Record<HistogramName, Uint32Array>;
}
