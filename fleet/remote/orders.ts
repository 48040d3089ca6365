import { WIRE_VERSION } from '../wire.ts';
import type { Allotment } from './allotment.ts';
import type { FleetOrder } from './messages.ts';
import { offsetsOf } from './offsets.ts';
import { divide, type Portion, sumOf } from './split.ts';

/** Workers have this long to hear of a ramp before it begins. */
export const RAMP_AFTER_MS = 300;
/** What each share is to go by while all are to have none, so that they close at once. */
const STOP_PER_SECOND = 1e6;

/** What is wanted of a fleet as a whole; see `Order` of ../wire.ts. */
type Wanted = Pick<FleetOrder, 'stop' | 'collections' | 'talking' | 'episodes'> & {
  readonly wanted: number;
  readonly perSecond: number;
};

/** The order that is in force, as it is split over shares. */
export class Orders {
  readonly #allotment: Allotment;
  #whole: Wanted = { wanted: 0, perSecond: 1, stop: false, collections: 0, talking: false, episodes: 0 };
  #atMicros = 0;
  #seq = 0;
  /** By share. */
  #wanted: readonly number[];
  #perSecond: readonly number[];
  #offsetMicros: readonly number[];
  epoch = 0;

  constructor(allotment: Allotment) {
    this.#allotment = allotment;
    this.#wanted = allotment.parts.map(() => 0);
    this.#perSecond = allotment.parts.map(() => 1);
    this.#offsetMicros = allotment.parts.map(() => 0);
  }

  get whole(): Wanted {
    return this.#whole;
  }

  /** What each share is to have, and at what pace. */
  get wanted(): readonly number[] {
    return this.#wanted;
  }

  get perSecond(): readonly number[] {
    return this.#perSecond;
  }

  /** Changes what is said, and leaves the ramp as it is. */
  change(changed: Partial<Wanted>): FleetOrder {
    this.#whole = { ...this.#whole, ...changed };
    return this.next();
  }

  /**
   * Nobody closes connections while all are to have more, nor opens any while they are to have fewer.
   *
   * @param nowMs by the clock of Redis
   * @throws RigError EFLEETMAX where those that are there have too little room
   */
  ramp(wanted: number, perSecond: number, nowMs: number): FleetOrder {
    const before = this.#wanted;
    const isUp = wanted >= sumOf(before);
    const own = this.#divided(wanted, (share) =>
      isUp
        ? { least: Math.min(before[share]!, this.#allotment.roomOf(share)), most: this.#allotment.roomOf(share) }
        : { least: 0, most: before[share]! },
    );
    if (own === undefined) throw this.#allotment.refusal(wanted);
    this.#atMicros = (nowMs + RAMP_AFTER_MS) * 1000;
    this.#wanted = own;
    // A share that opens few takes its time, so that all arrive together.
    const steps = own.map((one, share) => Math.max(1, Math.abs(one - before[share]!)));
    this.#setPace(steps, perSecond);
    return this.change({ wanted, perSecond });
  }

  /**
   * The same level, by parts that were reckoned anew.
   *
   * @param has what shares have that may be given less than they were asked for, by share
   * @throws RigError EFLEETMAX
   */
  resplit(has: ReadonlyMap<number, number> = new Map()): FleetOrder {
    const { wanted, perSecond } = this.#whole;
    const before = this.#wanted;
    const own = this.#divided(wanted, (share) => {
      const most = this.#allotment.roomOf(share);
      return { least: Math.min(most, has.get(share) ?? before[share]!), most };
    });
    if (own === undefined) throw this.#allotment.refusal(wanted);
    const { parts } = this.#allotment;
    // Others go on as they were told: a new pace would begin their ramp anew.
    const steps = own.map((one, share) =>
      one === before[share] && !has.has(share) ? undefined : Math.max(1, parts[share]!),
    );
    const all = Math.max(sumOf(parts), parts.length);
    this.#wanted = own;
    this.#perSecond = steps.map((step, share) =>
      step === undefined ? this.#perSecond[share]! : (perSecond * step) / all,
    );
    return this.next();
  }

  stop(nowMs: number): FleetOrder {
    this.#atMicros = nowMs * 1000;
    this.#wanted = this.#wanted.map(() => 0);
    this.#setPace(
      this.#wanted.map(() => 1),
      STOP_PER_SECOND,
    );
    return this.change({ wanted: 0, perSecond: STOP_PER_SECOND, stop: true });
  }

  /** The same once more, under its own number. */
  next(): FleetOrder {
    const { wanted: _, perSecond: __, ...others } = this.#whole;
    return {
      wire: WIRE_VERSION,
      epoch: this.epoch,
      seq: ++this.#seq,
      atMicros: this.#atMicros,
      wanted: [...this.#wanted],
      perSecond: [...this.#perSecond],
      offsetMicros: [...this.#offsetMicros],
      ...others,
    };
  }

  #setPace(steps: readonly number[], perSecond: number): void {
    const all = sumOf(steps);
    this.#perSecond = steps.map((step) => (perSecond * step) / all);
    this.#offsetMicros = offsetsOf(this.#perSecond);
  }

  #divided(total: number, boundsOf: (share: number) => Pick<Portion, 'least' | 'most'>): number[] | undefined {
    return divide(
      total,
      this.#allotment.parts.map((part, share) => ({ weight: Math.max(part, 1e-6), ...boundsOf(share) })),
    );
  }
}
