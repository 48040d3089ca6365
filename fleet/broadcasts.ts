import type { BroadcastPlan } from '../core/behaviours/broadcast.ts';
import { HISTOGRAM_BUCKETS } from '../core/stats/histogram.ts';
import type { MessageTemplate } from './behaviours/published-message.ts';
import { COARSE_BUCKETS, DETAILED, DeliveryBook, fineBucketOf } from './local/delivery-book.ts';
import { keptFor, Publications } from './local/publications.ts';
import type { WorkerBroadcasts } from './local/shared.ts';
import { type HttpPublisher, type PublishRequest, startHttpPublisher } from './publish/http-publisher.ts';

/** How messages are published, beside what the plan says; goes with the behaviour `broadcast`. */
export interface Publishing {
  /** undefined: by a connection, or by the server itself. */
  readonly request: PublishRequest | undefined;
  readonly template: MessageTemplate | undefined;
}

/** One message over the whole fleet. */
export interface MessageCount {
  readonly number: number;
  readonly plannedAtMs: number;
  readonly sentAtMs: number;
  readonly expected: number;
  readonly reached: number;
  readonly duplicates: number;
  /** From the planned moment; null where none was reached. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Times of its deliveries, in the buckets of core/stats/histogram.ts but coarser; null where they aren't kept any more. */
  readonly delays: Uint32Array | null;
  /** None is to come any more: all have it, or its deadline has passed. */
  readonly isSettled: boolean;
}

/** Sums by connection, to be told from those of later. */
export interface SampleSums {
  readonly deliveries: Float64Array;
  readonly places: Float64Array;
  readonly delaysMs: Float64Array;
}

/** What is published to all connections of a fleet, and received, as the conductor sees it. */
export interface Broadcasts {
  /** The number of the latest message; 0: none yet. */
  readonly latest: number;
  /** Requests that the target did not take, and why the first was not. */
  readonly refused: { readonly count: number; readonly why: string | undefined };
  /** @returns undefined where there is no message of that number, or it isn't kept any more */
  message(number: number): MessageCount | undefined;
  sample(): SampleSums;
}

/** The same, as the fleet has it. */
export interface FleetBroadcasts extends Broadcasts {
  readonly forWorker: (index: number) => WorkerBroadcasts;
  setTalking(talking: boolean): void;
  stop(): void;
}

export function openBroadcasts(
  plan: BroadcastPlan,
  { request, template }: Publishing,
  fleet: { readonly workers: number; readonly run: number; readonly now: () => number },
): FleetBroadcasts {
  const kept = keptFor(plan.perSecond, plan.withinMs);
  const shared = Publications.allocate(kept);
  const publications = new Publications(shared);
  const buffers = Array.from({ length: fleet.workers }, () => DeliveryBook.allocate(kept));
  const books = buffers.map((buffer) => new DeliveryBook(buffer, kept));
  const { run, now } = fleet;
  const publisher: HttpPublisher | undefined =
    request && startHttpPublisher({ ...plan, request, template, run, now, publications });

  function message(number: number): MessageCount | undefined {
    if (!publications.has(number)) return undefined;
    const [plannedAtMs, sentAtMs] = [publications.plannedAtMs(number), publications.sentAtMs(number)];
    const shares = books.map((book) => book.shareOf(number));
    const known = shares.filter((share) => share !== undefined);
    const sum = (name: 'expected' | 'reached' | 'duplicates'): number =>
      known.reduce((so, share) => so + share[name], 0);
    const [expected, reached] = [sum('expected'), sum('reached')];
    const heard = known.filter((share) => share.reached > 0);
    const isOver = now() > sentAtMs + plan.withinMs;
    return {
      number,
      plannedAtMs,
      sentAtMs,
      expected,
      reached,
      duplicates: sum('duplicates'),
      firstMs: heard.length === 0 ? null : Math.min(...heard.map(({ firstMs }) => firstMs)),
      lastMs: heard.length === 0 ? null : Math.max(...heard.map(({ lastMs }) => lastMs)),
      delays: publications.latest - number < DETAILED ? delaysOf(number) : null,
      isSettled: isOver || (known.length === books.length && reached === expected),
    };
  }

  function delaysOf(number: number): Uint32Array {
    const delays = new Uint32Array(HISTOGRAM_BUCKETS);
    for (const book of books) {
      if (!book.has(number)) continue;
      const coarse = book.details(number);
      for (let i = 0; i < COARSE_BUCKETS; i++) delays[fineBucketOf(i)] = delays[fineBucketOf(i)]! + coarse[i]!;
    }
    return delays;
  }

  return {
    get latest() {
      return publications.latest;
    },
    get refused() {
      return publisher?.refused ?? { count: 0, why: undefined };
    },
    message,
    sample() {
      const all = (name: keyof SampleSums): Float64Array =>
        Float64Array.from(books.flatMap(({ sample }) => [...sample[name]]));
      return { deliveries: all('deliveries'), places: all('places'), delaysMs: all('delaysMs') };
    },
    forWorker: (index) => ({ publications: shared, book: buffers[index]!, template }),
    setTalking: (talking) => publisher?.setTalking(talking),
    stop: () => publisher?.stop(),
  };
}
