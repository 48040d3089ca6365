import type { BroadcastSample } from '../../core/schemas/broadcast.ts';
import { fairnessOf } from '../../core/stats/fairness.ts';
import { quantileMs, since, toSparse } from '../../core/stats/histogram.ts';
import type { Broadcasts, MessageCount, SampleSums } from '../../fleet/broadcasts.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Tally } from '../../fleet/wire.ts';
import { untilObeyed, type Wait } from './obeyed.ts';
import { watchPeakMemory } from './peak-memory.ts';

/** What comes a second time comes soon after, or it isn't waited for. */
const HUSH_MS = 200;
/** So long after the deadline of the last message none of them is waited for. */
const MARGIN_MS = 1000;
/** Messages that are told one by one, and whose first and last deliveries are kept. */
const MOST_EACH = 100;
const MOST_ENDS = 5000;

type Stretch = Omit<
  BroadcastSample,
  'type' | 'elapsedMs' | 'launch' | 'leg' | 'protocol' | 'level' | 'cycle' | 'messageBytes'
>;

/**
 * Messages over a stretch of time, each followed until all have it or its deadline has passed.
 *
 * @param talkMs how long messages are published
 * @param withinMs see the plan
 * @param wait looks every few ms whether a condition holds; throws when the leg makes no sense any more
 * @param readMemory user memory of the target; null where it can't be read
 */
export async function sampleBroadcasts(
  fleet: Fleet,
  { talkMs, withinMs }: { readonly talkMs: number; readonly withinMs: number },
  wait: Wait,
  readMemory: () => number | null,
): Promise<Stretch> {
  const broadcasts = fleet.broadcasts!;
  const peak = watchPeakMemory(readMemory);
  const before = lookAt(fleet, broadcasts);
  const follower = new Follower(broadcasts);
  try {
    const startedAtMs = performance.now();
    fleet.setTalking(true);
    await wait(() => {
      follower.follow(broadcasts.latest);
      return performance.now() - startedAtMs >= talkMs;
    });
    const durationMs = performance.now() - startedAtMs;
    const last = await keepStill(fleet, wait);
    await untilSettled(follower, last, withinMs, wait);
    const after = lookAt(fleet, broadcasts);
    const { restBytes, peakBytes } = peak;
    const memory = restBytes === null || peakBytes === null ? null : { restBytes, peakBytes };
    return { durationMs, ...follower.counts(), ...grown(before, after), memory };
  } finally {
    peak.stop();
    fleet.setTalking(false);
  }
}

interface Look {
  readonly tally: Tally;
  readonly delivery: Uint32Array;
  readonly sendLag: Uint32Array;
  readonly sample: SampleSums;
  readonly refused: number;
}

const lookAt = (fleet: Fleet, broadcasts: Broadcasts): Look => ({
  tally: fleet.tally(),
  delivery: fleet.histogram('delivery'),
  sendLag: fleet.histogram('sendLag'),
  sample: broadcasts.sample(),
  refused: broadcasts.refused.count,
});

/** @returns the last message; every worker knows of it then: whoever took the first order up late looks again */
async function keepStill(fleet: Fleet, wait: Wait): Promise<number> {
  for (let orders = 0; orders < 2; orders++) await untilObeyed(fleet, fleet.setTalking(false), wait);
  return fleet.broadcasts!.latest;
}

async function untilSettled(follower: Follower, last: number, withinMs: number, wait: Wait): Promise<void> {
  const deadline = performance.now() + withinMs + MARGIN_MS;
  await wait(() => {
    follower.follow(last);
    return follower.next > last || performance.now() > deadline;
  });
  let heard = -1;
  let heardAtMs = 0;
  await wait(({ duplicateDeliveries }) => {
    const nowMs = performance.now();
    if (duplicateDeliveries !== heard) [heard, heardAtMs] = [duplicateDeliveries, nowMs];
    return nowMs - heardAtMs >= HUSH_MS;
  });
  follower.follow(last, true);
}

/** Takes messages down in their order, each once it is settled. */
class Follower {
  next: number;
  readonly #broadcasts: Broadcasts;
  #counts = { messages: 0, expected: 0, reached: 0 };
  readonly #each: MessageCount[] = [];
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];

  constructor(broadcasts: Broadcasts) {
    this.#broadcasts = broadcasts;
    this.next = broadcasts.latest + 1;
  }

  /** @param isEnd they are taken as they are */
  follow(last: number, isEnd = false): void {
    for (; this.next <= last; this.next++) {
      const message = this.#broadcasts.message(this.next);
      if (message && !message.isSettled && !isEnd) return;
      if (message) this.#take(message);
    }
  }

  #take(message: MessageCount): void {
    this.#counts.messages += 1;
    this.#counts.expected += message.expected;
    this.#counts.reached += message.reached;
    if (this.#each.length < MOST_EACH) this.#each.push(message);
    if (message.firstMs === null || message.lastMs === null || this.#firsts.length >= MOST_ENDS) return;
    this.#firsts.push(message.firstMs);
    this.#lasts.push(message.lastMs);
  }

  counts(): Pick<Stretch, 'messages' | 'expected' | 'reached' | 'missing' | 'firsts' | 'lasts' | 'each'> {
    const { expected, reached } = this.#counts;
    const each = this.#each.map(({ delays, ...message }) => {
      // What came a second time came later.
      const { duplicates } = this.#broadcasts.message(message.number) ?? message;
      const sparse = delays === null ? [] : toSparse(delays);
      const { number, firstMs, lastMs } = message;
      const quantile = (q: number): number | null => quantileMs(sparse, q) ?? null;
      const counted = { expected: message.expected, reached: message.reached, duplicates };
      return { number, ...counted, firstMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99), lastMs };
    });
    const missing = Math.max(0, expected - reached);
    return { ...this.#counts, missing, firsts: this.#firsts, lasts: this.#lasts, each };
  }
}

type Grown = 'duplicates' | 'disordered' | 'late' | 'unasked' | 'returned' | 'untold' | 'refused';

function grown(before: Look, after: Look): Pick<Stretch, Grown | 'delivery' | 'sendLag' | 'fairness'> {
  const by = (name: 'duplicate' | 'disordered' | 'late' | 'unasked' | 'returned' | 'untold'): number =>
    after.tally[`${name}Deliveries`] - before.tally[`${name}Deliveries`];
  const shares = [...after.sample.deliveries].flatMap((count, i) => {
    const deliveries = count - before.sample.deliveries[i]!;
    if (deliveries === 0) return [];
    const mean = (name: 'places' | 'delaysMs'): number =>
      (after.sample[name][i]! - before.sample[name][i]!) / deliveries;
    return [{ deliveries, place: mean('places'), delayMs: Math.max(0, mean('delaysMs')) }];
  });
  return {
    duplicates: by('duplicate'),
    disordered: by('disordered'),
    late: by('late'),
    unasked: by('unasked'),
    returned: by('returned'),
    untold: by('untold'),
    refused: after.refused - before.refused,
    delivery: toSparse(since(before.delivery, after.delivery)),
    sendLag: toSparse(since(before.sendLag, after.sendLag)),
    fairness: fairnessOf(shares),
  };
}
