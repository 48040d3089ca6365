import { recordMs } from '../../core/stats/histogram.ts';
import { DeliveryBook } from '../local/delivery-book.ts';
import type { Publications } from '../local/publications.ts';
import type { TallyWriter } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER, type Counter } from '../wire.ts';
import { freshWindow, hasSeen, SEEN, type Seen, seenAs, withSeen } from './seen-window.ts';

export interface DeliveriesDeps {
  readonly slots: number;
  /** See {@link BroadcastPlan}. */
  readonly withinMs: number;
  readonly publications: Publications;
  readonly book: DeliveryBook;
  readonly tally: TallyWriter;
  /** Distribution of delays, from the planned moment. */
  readonly delays: Uint32Array;
  readonly now: () => number;
}

/**
 * Holds what a worker's connections receive against what was published. A message is expected at each connection that was open
 * before it was published, and stays open until it has come or its deadline has passed. 4 bytes for each slot.
 *
 * A publisher writes that down before it sends, and each open, close and delivery here looks at it first. So how many were
 * open at that moment is known without asking anybody.
 */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  readonly #windows: Uint32Array;
  readonly #sampleShift: number;
  readonly #sampleMask: number;
  /** The latest message that this worker knows of. */
  #known: number;
  #open = 0;
  /** Which connection has published which message, where that is one of this worker's; it isn't expected there. */
  readonly #publishers: Int32Array;
  #publisher = NOBODY;

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
    this.#windows = new Uint32Array(deps.slots);
    const stride = DeliveryBook.strideFor(deps.slots);
    this.#sampleMask = stride - 1;
    this.#sampleShift = Math.log2(stride);
    this.#known = deps.publications.latest;
    this.#publishers = new Int32Array(deps.publications.kept).fill(NOBODY);
  }

  /** Writes a message of a connection of this worker down, before it is sent. @returns its number */
  publish(publisher: Slot, plannedAtMs: number, sentAtMs: number): number {
    this.look();
    const number = this.#known + 1;
    this.#publisher = publisher;
    this.#deps.publications.add(number, plannedAtMs, sentAtMs);
    this.look();
    this.#publisher = NOBODY;
    this.#deps.tally.add(COUNTER.messages, 1);
    return number;
  }

  /** Takes note of what was published since the last look. */
  look(): void {
    const { publications } = this.#deps;
    const { latest, kept } = publications;
    if (latest === this.#known) return;
    const from = Math.max(this.#known + 1, latest - kept + 1);
    this.#known = Math.max(latest, this.#known);
    for (let number = from; number <= latest; number++) {
      // Where the server numbers them, it may have come here before the number of the latest was raised.
      if (publications.has(number) && !this.#deps.book.has(number)) this.#begin(number);
    }
  }

  /** Connections that are open. */
  get open(): number {
    return this.#open;
  }

  opened(slot: Slot): void {
    this.look();
    this.#open += 1;
    this.#windows[slot] = freshWindow(this.#known);
  }

  closed(slot: Slot): void {
    this.look();
    this.#open -= 1;
    const { publications, book, tally, now } = this.#deps;
    const sinceMs = now() - this.#deps.withinMs;
    const window = this.#windows[slot]!;
    for (let number = this.#known; number > this.#known - publications.kept && number > 0; number--) {
      if (!publications.has(number)) continue;
      if (publications.sentAtMs(number) < sinceMs) return;
      if (!book.has(number) || this.#publisherOf(number) === slot || hasSeen(window, number)) continue;
      book.expectLess(number);
      tally.add(COUNTER.expectedDeliveries, -1);
    }
  }

  /** A message of a server that numbers them by itself; who receives it first, writes it down. */
  receivedNumber(slot: Slot, serverNumber: number, nowMs: number): void {
    const { publications, book } = this.#deps;
    const number = publications.countFrom(serverNumber);
    if (number <= 0) return;
    if (!publications.has(number) && number > publications.latest - publications.kept) {
      publications.add(number, nowMs, nowMs);
      this.look();
    }
    if (!book.has(number) && publications.has(number)) this.#begin(number);
    this.received(slot, number, publications.plannedAtMs(number), nowMs);
  }

  /** @param low the number, or as much of it as a mark has; see {@link wholeNumber} */
  receivedMarked(slot: Slot, low: number, modulus: number, plannedAtMs: number, nowMs: number): void {
    this.look();
    // The latest one that ends so.
    const number = this.#known - ((this.#known - low + modulus) % modulus);
    if (number > 0) this.received(slot, number, plannedAtMs, nowMs);
  }

  received(slot: Slot, number: number, plannedAtMs: number, nowMs: number): void {
    const { publications, book, tally } = this.#deps;
    if (!book.has(number) || this.#publisherOf(number) === slot) {
      tally.add(book.has(number) ? COUNTER.returnedDeliveries : COUNTER.untoldDeliveries, 1);
      return;
    }
    const window = this.#windows[slot]!;
    const seen = seenAs(window, number);
    if (seen > SEEN.late) {
      if (seen === SEEN.duplicate) book.duplicate(number);
      tally.add(COUNTER_OF[seen]!, 1);
      return;
    }
    this.#windows[slot] = withSeen(window, number);
    if (nowMs - publications.sentAtMs(number) > this.#deps.withinMs) {
      tally.add(COUNTER.lateDeliveries, 1);
      return;
    }
    if (seen === SEEN.late) tally.add(COUNTER.disorderedDeliveries, 1);
    tally.add(COUNTER.deliveries, 1);
    // Each thread sets its clock by itself: what another one has planned may seem to lie ahead, by less than 1 ms.
    const delayMs = Math.max(0, nowMs - plannedAtMs);
    recordMs(this.#deps.delays, delayMs);
    const reached = book.deliver(number, delayMs);
    if ((slot & this.#sampleMask) === 0) this.#sample(slot >> this.#sampleShift, delayMs, reached, number);
  }

  #sample(at: number, delayMs: number, reached: number, number: number): void {
    const { deliveries, places, delaysMs } = this.#deps.book.sample;
    deliveries[at] = deliveries[at]! + 1;
    places[at] = places[at]! + (reached - 0.5) / this.#deps.book.expectedOf(number);
    delaysMs[at] = delaysMs[at]! + delayMs;
  }

  #begin(number: number): void {
    const isPublisherHere = this.#publisher !== NOBODY;
    const expected = this.#open - (isPublisherHere ? 1 : 0);
    this.#publishers[number & (this.#publishers.length - 1)] = this.#publisher;
    this.#deps.book.begin(number, expected);
    this.#deps.tally.add(COUNTER.expectedDeliveries, expected);
  }

  #publisherOf(number: number): Slot {
    return this.#publishers[number & (this.#publishers.length - 1)]!;
  }
}

const NOBODY = -1;
const COUNTER_OF: Partial<Record<Seen, Counter>> = {
  [SEEN.duplicate]: COUNTER.duplicateDeliveries,
  [SEEN.unasked]: COUNTER.unaskedDeliveries,
  [SEEN.untold]: COUNTER.untoldDeliveries,
};
