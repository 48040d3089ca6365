import type { Fleet } from '../fleet.ts';
import type { FleetOrder } from './messages.ts';

/** Carries out orders for one share on the fleet of this machine. */
export class OrderTaker {
  readonly #fleet: Fleet;
  readonly #share: number;
  readonly #acts: number;
  readonly #toLocalMs: (micros: number) => number;
  readonly #now: () => number;
  #order: FleetOrder | undefined;
  /** Acts of episodes that are not this generation's: its connections are new. */
  #actsBefore = 0;
  /** Collections that were asked for before this share was taken up. */
  #collectionsBefore = 0;
  #confirmed = 0;
  #startsAtMs = Number.NaN;
  /** The number that the fleet here gave to what it was told last. */
  #given = 0;

  /**
   * @param acts that an episode has
   * @param toLocalMs a moment by the clock of Redis, by that of `now`
   */
  constructor(fleet: Fleet, share: number, acts: number, toLocalMs: (micros: number) => number, now: () => number) {
    this.#acts = acts;
    this.#fleet = fleet;
    this.#share = share;
    this.#toLocalMs = toLocalMs;
    this.#now = now;
  }

  /** Which episode goes on, as orders count them. */
  get episode(): number {
    return this.#order?.episodes ?? 0;
  }

  /** The order that all threads have taken up. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Collections that are done, as orders count them. */
  get collectionsBefore(): number {
    return this.#collectionsBefore;
  }

  get wanted(): number {
    return this.#order?.wanted[this.#share] ?? 0;
  }

  get isTalking(): boolean {
    return this.#order?.talking ?? false;
  }

  get perSecond(): number {
    return this.#order?.perSecond[this.#share] ?? 1;
  }

  /** One that is older than another that was taken changes nothing. */
  take(order: FleetOrder): void {
    const before = this.#order;
    if (before !== undefined && order.seq <= before.seq) return;
    this.#order = order;
    if (before === undefined) {
      this.#collectionsBefore = order.collections;
      this.#actsBefore = Math.ceil(order.episodes / this.#acts) * this.#acts;
    }
    if (before === undefined || this.#rampOf(before) !== this.#rampOf(order)) this.#given = this.#pursue(order);
    if (order.talking !== (before?.talking ?? false)) this.#given = this.#fleet.setTalking(order.talking);
    const begun = Math.max(this.#actsBefore, before?.episodes ?? 0);
    for (let i = begun; i < order.episodes; i++) this.#given = this.#fleet.beginEpisode();
    for (let i = before?.collections ?? order.collections; i < order.collections; i++) {
      void this.#fleet.collectGarbage();
    }
    void this.#fleet.confirmed(this.#given).then(() => {
      this.#confirmed = Math.max(this.#confirmed, order.seq);
    });
  }

  #rampOf({ wanted, perSecond, atMicros }: FleetOrder): string {
    return `${wanted[this.#share]} ${perSecond[this.#share]} ${atMicros}`;
  }

  /** A ramp that should have begun begins now: what was missed while nobody held the share doesn't come in one burst. */
  #pursue({ atMicros, offsetMicros }: FleetOrder): number {
    const startsAtMs = Math.max(this.#now(), this.#toLocalMs(atMicros + (offsetMicros[this.#share] ?? 0)));
    // Threads tell ramps apart by when they begin: one that is split anew before it has begun is another one.
    this.#startsAtMs = startsAtMs === this.#startsAtMs ? startsAtMs + 0.001 : startsAtMs;
    return this.#fleet.pursue(this.wanted, this.perSecond, this.#startsAtMs);
  }
}
