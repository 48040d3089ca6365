import { WIRE_VERSION } from '../wire.ts';
import type { FleetOrder } from './messages.ts';
import { splitByParts } from './split.ts';

/** Workers have this long to hear of a ramp before it begins. */
const MARGIN_MS = 300;
/** What each share is to go by while all are to have none, so that they close at once. */
const STOP_PER_SECOND = 1e6;

/** What is wanted of a fleet as a whole; see `Order` of ../wire.ts. */
type Wanted = Pick<FleetOrder, 'stop' | 'collections' | 'talking' | 'episodes'> & {
  readonly wanted: number;
  readonly perSecond: number;
};

/** The order that is in force, as it is split over shares. */
export class Orders {
  #whole: Wanted = { wanted: 0, perSecond: 1, stop: false, collections: 0, talking: false, episodes: 0 };
  #atMicros = 0;
  #seq = 0;
  epoch = 0;
  /** The most connections of each share, which sum to the most of all. */
  parts: readonly number[] = [];

  get whole(): Wanted {
    return this.#whole;
  }

  /** Changes what is said, and leaves the ramp as it is. */
  change(changed: Partial<Wanted>): FleetOrder {
    this.#whole = { ...this.#whole, ...changed };
    return this.next();
  }

  /** @param nowMs by the clock of Redis */
  ramp(wanted: number, perSecond: number, nowMs: number): FleetOrder {
    this.#atMicros = (nowMs + MARGIN_MS) * 1000;
    return this.change({ wanted, perSecond });
  }

  stop(nowMs: number): FleetOrder {
    this.#atMicros = nowMs * 1000;
    return this.change({ wanted: 0, perSecond: STOP_PER_SECOND, stop: true });
  }

  /** The same once more, under its own number. */
  next(): FleetOrder {
    const { wanted, perSecond, ...others } = this.#whole;
    const total = this.parts.reduce((sum, part) => sum + part, 0);
    return {
      wire: WIRE_VERSION,
      epoch: this.epoch,
      seq: ++this.#seq,
      atMicros: this.#atMicros,
      wanted: splitByParts(wanted, this.parts),
      // One with the smallest part opens at its own pace, so that all arrive together.
      perSecond: this.parts.map((part) => (perSecond * Math.max(part, 1)) / Math.max(total, this.parts.length)),
      offsetMicros: this.parts.map((_, share) => (share * 1e6) / perSecond),
      ...others,
    };
  }
}
