import type { Connections } from '../behaviours/behaviour.ts';
import type { Engine } from '../engines/engine.ts';
import type { Vanish } from '../engines/vanisher.ts';
import type { Account } from './account.ts';
import { type Slots, STATE } from './slots.ts';

interface VanishingParts {
  readonly slots: Slots;
  readonly account: Account;
  readonly engine: Engine;
  /** undefined: nothing vanishes in this run. */
  readonly vanish: Vanish | undefined;
}

/** How connections go that the peer is to see nothing of: their sockets stay, deaf and mute. */
export const vanishingOf = ({
  slots,
  account,
  engine,
  vanish,
}: VanishingParts): Pick<Connections, 'vanish' | 'dropVanished'> => ({
  vanish(slot) {
    // What waits to be sent would be sent after it is gone.
    if (vanish === undefined || engine.isQueued(slot)) return undefined;
    const ends = vanish(engine.descriptorOf(slot));
    if (typeof ends === 'object') account.vanished(slot);
    return ends;
  },
  dropVanished(slot) {
    if (slots.stateOf(slot) !== STATE.vanished) return;
    slots.setState(slot, STATE.dying);
    engine.abort(slot);
  },
});
