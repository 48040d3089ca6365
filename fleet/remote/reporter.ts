import type { Redis } from 'ioredis';
import { toSparse } from '../../core/stats/histogram.ts';
import type { Fleet } from '../fleet.ts';
import { HISTOGRAMS, type HistogramName, type Tally, WIRE_VERSION } from '../wire.ts';
import type { OrderTaker } from './carry-out.ts';
import type { ShareReport } from './messages.ts';
import { toSpoken, type Voice } from './said.ts';

const LOOK_MS = 25;
const REPORT_EVERY_MS = 1000;
/** Where connections come and go all the time, what is reached is so again and again. */
const NEWS_EVERY_MS = 50;
/** A report replaces the one before, which nobody may have read: what changed is in it for so long. */
const FRESH_MS = 3000;
/** And all of it once in so long, for those that couldn't read for longer. */
const WHOLE_EVERY_MS = 10_000;

interface ReporterParts {
  readonly fleet: Fleet;
  readonly taker: OrderTaker;
  readonly redis: Redis;
  readonly key: string;
  readonly of: Pick<ShareReport, 'share' | 'generation' | 'host'>;
  readonly offsetMs: () => number;
  readonly voice: Voice;
}

/** Says what a share has counted: when an order was taken up, when something is reached that is waited for, else each second. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #timer: NodeJS.Timeout;
  /** By name how many values it had, and when that was seen to have changed. */
  readonly #seen = new Map<HistogramName, { count: number; atMs: number }>();
  #number = 0;
  #writing: Promise<unknown> | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #wholeAtMs = Number.NEGATIVE_INFINITY;
  #seq = 0;
  /** What was so when it was last told. */
  #reached = 0;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The last one, with everything in it. Rejects where Redis can't be asked. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#write(true);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // One that is on its way for long: Redis isn't there, and the next one has all that it had.
    if (this.#writing !== undefined) return;
    const { fleet, taker } = this.#parts;
    const reached = reachedIn(fleet.tally(), taker);
    this.#reached &= reached;
    const sinceMs = performance.now() - this.#lastAtMs;
    const isNews = taker.confirmed !== this.#seq || ((reached & ~this.#reached) !== 0 && sinceMs >= NEWS_EVERY_MS);
    if (!isNews && sinceMs < REPORT_EVERY_MS) return;
    this.#writing = this.#write(performance.now() - this.#wholeAtMs > WHOLE_EVERY_MS)
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #write(isWhole: boolean): Promise<void> {
    const { fleet, taker, redis, key, of, offsetMs, voice } = this.#parts;
    this.#lastAtMs = performance.now();
    if (isWhole) this.#wholeAtMs = this.#lastAtMs;
    this.#seq = taker.confirmed;
    const tally = fleet.tally();
    this.#reached = reachedIn(tally, taker);
    const { user, system } = process.cpuUsage();
    const report: ShareReport = {
      wire: WIRE_VERSION,
      ...of,
      number: ++this.#number,
      seq: this.#seq,
      offsetMs: offsetMs(),
      tally: { version: WIRE_VERSION, ...tally, collections: taker.collectionsBefore + tally.collections },
      distributions: this.#distributions(isWhole),
      cpuSeconds: (user + system) / 1e6,
      rssBytes: process.memoryUsage.rss(),
    };
    await redis.hset(key, String(of.share), toSpoken(report, 'report', voice));
  }

  #distributions(isWhole: boolean): ShareReport['distributions'] {
    const nowMs = performance.now();
    const fresh: ShareReport['distributions'] = {};
    for (const name of HISTOGRAMS) {
      const counts = this.#parts.fleet.histogram(name);
      const count = counts.reduce((sum, one) => sum + one, 0);
      let seen = this.#seen.get(name);
      if (count !== (seen?.count ?? 0)) {
        seen = { count, atMs: nowMs };
        this.#seen.set(name, seen);
      }
      if (seen !== undefined && (isWhole || nowMs - seen.atMs < FRESH_MS)) fresh[name] = toSparse(counts);
    }
    return fresh;
  }
}

/** A bit for each thing that a conductor waits for, where it is so. What is pending while messages are sent ends with none of them. */
function reachedIn({ open, pending, toCut, away, vanishing, slow }: Tally, { wanted, isTalking }: OrderTaker): number {
  const isSo = [open === wanted, pending === 0 && !isTalking, toCut === 0, away === 0, vanishing === 0, slow === 0];
  return isSo.reduce((bits, is, i) => bits | (Number(is) << i), 0);
}
