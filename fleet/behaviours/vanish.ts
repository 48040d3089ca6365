import type { VanishPlan } from '../../core/behaviours/vanish.ts';
import type { VanishedEnds } from '../engines/vanisher.ts';
import { COUNTER, type Vanished } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, MOST_AT_ONCE } from './behaviour.ts';
import { isOfShare } from './share.ts';

/** What becomes of a slot. */
const STAYS = 0;
const CHOSEN = 1;
const GONE = 2;

/** What was said last is acknowledged by then, unless the peer acknowledges nothing: such a connection stays. */
const PATIENCE_MS = 1000;
const ASK_AGAIN_MS = 10;

/**
 * A share of the open connections vanishes. Their places stay empty, and their sockets are kept without a word, until the
 * episode is over: then each is reset, which tells a server that still has it.
 */
export function createVanish(
  { percent }: VanishPlan,
  { connections, tally, marks, now, tellVanished, onTrouble }: BehaviourDeps,
): Behaviour {
  const fates = new Uint8Array(connections.capacity);
  let cursor = -1;
  let untilMs = 0;

  /** Evenly over all slots, so that old and new ones are among them. */
  function choose(): void {
    const open = tally.get(COUNTER.open);
    let slot = -1;
    for (let place = 0; place < open; place++) {
      slot = connections.nextOpen(slot);
      if (!isOfShare(place, percent, marks)) continue;
      fates[slot] = CHOSEN;
      tally.add(COUNTER.vanishing, 1);
    }
  }

  function settle(slot: number, fate: typeof STAYS | typeof GONE): void {
    fates[slot] = fate;
    tally.add(COUNTER.vanishing, -1);
  }

  /** @returns what became of it; undefined: it has to be asked again */
  function vanish(slot: number): VanishedEnds | undefined {
    const ends = connections.vanish(slot);
    if (typeof ends === 'object') {
      settle(slot, GONE);
      tally.add(COUNTER.vanished, 1);
      tally.add(COUNTER.away, 1);
      return ends;
    }
    if (typeof ends === 'string') onTrouble('error', `it can't vanish: ${ends}`);
    if (typeof ends === 'string' || now() > untilMs) settle(slot, STAYS);
    return undefined;
  }

  return {
    begin(nowMs) {
      choose();
      cursor = -1;
      untilMs = nowMs + PATIENCE_MS;
    },

    end() {
      for (let slot = fates.indexOf(GONE); slot >= 0; slot = fates.indexOf(GONE, slot + 1)) {
        connections.dropVanished(slot);
      }
      tally.add(COUNTER.away, -tally.get(COUNTER.vanished));
      tally.set(COUNTER.vanished, 0);
      tally.set(COUNTER.vanishing, 0);
      fates.fill(STAYS);
    },

    step() {
      if (tally.get(COUNTER.vanishing) === 0) return Number.POSITIVE_INFINITY;
      const told: Vanished[] = [];
      for (let i = 0; i < MOST_AT_ONCE; i++) {
        cursor = fates.indexOf(CHOSEN, cursor + 1);
        if (cursor < 0) break;
        const ends = vanish(cursor);
        if (ends) told.push({ ...ends, atMs: now() });
      }
      if (told.length > 0) tellVanished?.(told);
      // Those that are left over have to be asked again.
      return cursor < 0 ? ASK_AGAIN_MS : 0;
    },

    rest() {},
    onOpened() {},
    onPayload() {},
    onAnswer() {},

    onClosed(slot) {
      if (fates[slot] === CHOSEN) settle(slot, STAYS);
    },
  };
}
