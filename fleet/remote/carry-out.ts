import type { Fleet } from '../fleet.ts';
import type { FleetOrder } from './messages.ts';

/** Carries out orders for one share on the fleet of this machine. */
export class OrderTaker {
  readonly #fleet: Fleet;
  readonly #share: number;
  readonly #toLocalMs: (micros: number) => number;
  readonly #now: () => number;
  #order: FleetOrder | undefined;
  /** Collections that were asked for before this share was taken up. */
  #collectionsBefore = 0;
  #confirmed = 0;
  /** The number that the fleet here gave to what it was told last. */
  #given = 0;

  /** @param toLocalMs a moment by the clock of Redis, by that of `now` */
  constructor(fleet: Fleet, share: number, toLocalMs: (micros: number) => number, now: () => number) {
    this.#fleet = fleet;
    this.#share = share;
    this.#toLocalMs = toLocalMs;
    this.#now = now;
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
    if (before === undefined) this.#collectionsBefore = order.collections;
    if (before === undefined || this.#rampOf(before) !== this.#rampOf(order)) this.#given = this.#pursue(order);
    if (order.talking !== (before?.talking ?? false)) this.#given = this.#fleet.setTalking(order.talking);
    // An episode that goes on already is not this generation's: its connections are new.
    for (let i = before?.episodes ?? order.episodes; i < order.episodes; i++) this.#given = this.#fleet.beginEpisode();
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
    const startsAtMs = this.#toLocalMs(atMicros + (offsetMicros[this.#share] ?? 0));
    return this.#fleet.pursue(this.wanted, this.perSecond, Math.max(this.#now(), startsAtMs));
  }
}
