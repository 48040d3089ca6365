/** Keeps the connections of a run spread over those who can hold them: whoever takes a share, is lost, or falls behind. */
import type { ShareResidual } from '../../core/schemas/share-residual.ts';
import { toWarning, type Warning } from '../../core/values/warnings.ts';
import { Allotment, type PlacedShare } from './allotment.ts';
import type { FleetOrder, ShareEvent, WorkerOffer } from './messages.ts';
import { Orders } from './orders.ts';
import { type BehindShare, PaceWatch } from './pace-watch.ts';
import type { RemotePlan } from './remote-plan.ts';
import type { Reports } from './reports.ts';
import { Residuals } from './residuals.ts';
import { roomsOf, weightOf } from './room.ts';

type Ready = Extract<ShareEvent, { readonly type: 'ready' }>;

interface PlacementEvents {
  readonly give: (order: FleetOrder) => number;
  /** The most of a share, whoever has it. */
  readonly mostOf: (share: number) => number;
  readonly onPlaced: (shares: readonly PlacedShare[]) => void;
  readonly onBehind: (behind: BehindShare) => void;
  readonly onWarning: (warning: Warning) => void;
  readonly onDefect: (error: Error) => void;
}

export class Placement {
  readonly allotment: Allotment;
  readonly orders: Orders;
  readonly #plan: RemotePlan;
  readonly #reports: Reports;
  readonly #events: PlacementEvents;
  readonly #watch: PaceWatch;
  readonly #residuals: Residuals;
  readonly #ready = new Map<number, Ready>();
  /** By share how many workers there were on the machine that took it first: they have its cores together. */
  readonly #neighbours = new Map<number, number>();
  #isBegun = false;

  constructor(plan: RemotePlan, shares: number, reports: Reports, events: PlacementEvents) {
    this.#plan = plan;
    this.#reports = reports;
    this.#events = events;
    this.allotment = new Allotment(plan.capacity, shares, events.mostOf);
    this.orders = new Orders(this.allotment);
    this.#watch = new PaceWatch(reports);
    this.#residuals = new Residuals(reports, (share) => this.allotment.hostOf(share));
  }

  /** @param offers of all workers: those who took shares may not be those who were chosen. @throws RigError EFLEETMAX */
  begin(offers: readonly WorkerOffer[]): void {
    const takers = [...this.#ready.values()];
    const known = takers.flatMap(({ worker }) => offers.find((offer) => offer.worker === worker) ?? []);
    const rooms = roomsOf(known, this.#plan);
    for (const { share, worker, host, capacity, cores } of takers) {
      const beside = rooms.find((room) => room.worker === worker)?.connections ?? capacity;
      const machine = known.find((offer) => offer.worker === worker)?.machine;
      this.#neighbours.set(share, Math.max(1, known.filter((offer) => offer.machine === machine).length));
      const weight = weightOf({ cores }, this.#neighbours.get(share));
      this.allotment.take(share, { worker, host, room: Math.min(capacity, beside), weight });
    }
    if (!this.allotment.reckon()) throw this.allotment.refusal();
    this.#isBegun = true;
    this.#events.onPlaced(this.allotment.placed);
  }

  /** Somebody has a share. Once all go on, what it has no room for goes to the others. */
  ready(event: Ready): void {
    const { share, worker, host, capacity, cores } = event;
    this.#ready.set(share, event);
    this.allotment.take(share, {
      worker,
      host,
      room: capacity,
      weight: weightOf({ cores }, this.#neighbours.get(share)),
    });
    if (!this.#isBegun) return;
    const fits = this.allotment.reckon();
    this.#events.onPlaced(this.allotment.placed);
    if (!fits) this.#events.onWarning(toWarning('WFLEETROOM', this.allotment.lack));
    // Where it has room for what the one before had, it follows the order that is in force.
    if (capacity < this.orders.wanted[share]!) this.#resplit(new Map([[share, 0]]));
  }

  pursue(wanted: number, perSecond: number, nowMs: number): number {
    const order = (): FleetOrder => this.orders.ramp(wanted, perSecond, nowMs);
    const before = this.orders.wanted;
    try {
      let next: FleetOrder;
      try {
        next = order();
      } catch (error) {
        // A level that those who are left can't hold waits for somebody who takes what nobody has.
        if (!this.allotment.rejoin()) throw error;
        next = order();
      }
      this.#watch.begin(this.orders, before);
      this.#residuals.begin(this.orders, before);
      return this.#events.give(next);
    } catch (error) {
      this.#events.onDefect(error as Error);
      return this.#events.give(this.orders.next());
    }
  }

  /** Nobody takes a share: the others get what it had, as far as they have room for the level. */
  leave(share: number): void {
    if (this.allotment.left.has(share)) return;
    const from = this.allotment.placeOf(share) ?? '';
    const awayMs = this.#reports.heardAgoMs(share);
    this.allotment.leave(share);
    if (!this.allotment.canHold(this.orders.whole.wanted)) {
      this.allotment.rejoin();
      return;
    }
    const fits = this.allotment.reckon();
    this.#events.onWarning(toWarning('WSHARELEFT', { share, from, awayMs }));
    if (!fits) this.#events.onWarning(toWarning('WFLEETROOM', this.allotment.lack));
    this.#events.onPlaced(this.allotment.placed);
    this.#resplit(new Map([[share, 0]]));
  }

  /** Looks whether somebody falls behind while the others keep the pace; that is told once a level, and its part lowered. */
  look(): void {
    this.#residuals.look();
    for (const { has, ...behind } of this.#watch.look()) {
      const cores = this.#ready.get(behind.share)?.cores ?? 1;
      const host = this.allotment.hostOf(behind.share) ?? '';
      const part = this.allotment.parts[behind.share]!;
      const isLowered = this.allotment.slow(behind.share, behind.opened / behind.due);
      this.#events.onBehind({ ...behind, host, cores, part, isLowered });
      if (!isLowered) continue;
      this.#events.onPlaced(this.allotment.placed);
      this.#resplit(new Map([[behind.share, has]]));
    }
  }

  /** What each share came to since the ramp to the level began. */
  residuals(): ShareResidual[] {
    return this.#residuals.read();
  }

  #resplit(has: ReadonlyMap<number, number>): void {
    try {
      this.#events.give(this.orders.resplit(has));
      this.#watch.changed(this.orders);
      this.#residuals.changed(this.orders);
    } catch (error) {
      this.#events.onDefect(error as Error);
    }
  }
}
