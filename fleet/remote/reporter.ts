import type { Redis } from 'ioredis';
import { toSparse } from '../../core/stats/histogram.ts';
import type { Fleet } from '../fleet.ts';
import { HISTOGRAMS, type Tally, WIRE_VERSION } from '../wire.ts';
import type { OrderTaker } from './carry-out.ts';
import type { ShareReport } from './messages.ts';
import { type RedisClock, wallClockOf } from './redis-clock.ts';
import { ReportWriter } from './report-hash.ts';
import type { Voice } from './said.ts';

const LOOK_MS = 25;
const REPORT_EVERY_MS = 1000;
/** Where connections come and go all the time, what is reached is so again and again. */
const NEWS_EVERY_MS = 50;
/** Distributions are most of what a share has to say while it opens connections: between two reports with them lies so long. */
const DISTRIBUTIONS_EVERY_MS = 3000;
/** And all the same once in so long, should Redis have come back without those that it had. */
const AGAIN_EVERY_MS = 30_000;

interface ReporterParts {
  readonly fleet: Fleet;
  readonly taker: OrderTaker;
  readonly redis: Redis;
  readonly key: string;
  readonly of: Pick<ShareReport, 'share' | 'generation' | 'host' | 'worker'>;
  readonly clock: RedisClock;
  readonly voice: Voice;
}

/** Says what a share has counted: when an order was taken up, when something is reached that is waited for, else each second. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #timer: NodeJS.Timeout;
  readonly #writer: ReportWriter;
  /** How many values distributions had together when they were told. */
  #told = 0;
  #number = 0;
  #writing: Promise<unknown> | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #distributionsAtMs = Number.NEGATIVE_INFINITY;
  #seq = 0;
  /** What was so when it was last told. */
  #reached = 0;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#writer = new ReportWriter(parts.redis, parts.key, parts.voice);
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
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#lastAtMs;
    const isNews = taker.confirmed !== this.#seq || ((reached & ~this.#reached) !== 0 && sinceMs >= NEWS_EVERY_MS);
    if (!isNews && sinceMs < REPORT_EVERY_MS) return;
    this.#writing = this.#write(isNews || nowMs - this.#distributionsAtMs >= DISTRIBUTIONS_EVERY_MS)
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #write(withDistributions: boolean): Promise<void> {
    const { fleet, taker, of, clock } = this.#parts;
    this.#lastAtMs = performance.now();
    this.#seq = taker.confirmed;
    const tally = fleet.tally();
    this.#reached = reachedIn(tally, taker);
    const { user, system } = process.cpuUsage();
    const report: ShareReport = {
      wire: WIRE_VERSION,
      ...of,
      number: ++this.#number,
      seq: this.#seq,
      offsetMs: clock.now().offsetMs,
      tally: { version: WIRE_VERSION, ...tally, collections: taker.collectionsBefore + tally.collections },
      distributions: withDistributions ? this.#distributions() : {},
      cpuSeconds: (user + system) / 1e6,
      rssBytes: process.memoryUsage.rss(),
      clock: wallClockOf(clock.now()),
    };
    await this.#writer.write(report);
  }

  /** All of them, where one has changed: each time they replace those before, which nobody may have read. */
  #distributions(): ShareReport['distributions'] {
    const all = HISTOGRAMS.map((name) => [name, toSparse(this.#parts.fleet.histogram(name))] as const);
    const count = all.reduce((sum, [, pairs]) => pairs.reduce((own, [, each]) => own + each, sum), 0);
    if (count === this.#told && this.#lastAtMs - this.#distributionsAtMs < AGAIN_EVERY_MS) return {};
    this.#told = count;
    this.#distributionsAtMs = this.#lastAtMs;
    return Object.fromEntries(all.filter(([, pairs]) => pairs.length > 0));
  }
}

/** A bit for each thing that a conductor waits for, where it is so. What is pending while messages are sent ends with none of them. */
function reachedIn({ open, pending, toCut, away, vanishing, slow }: Tally, { wanted, isTalking }: OrderTaker): number {
  const isSo = [open === wanted, pending === 0 && !isTalking, toCut === 0, away === 0, vanishing === 0, slow === 0];
  return isSo.reduce((bits, is, i) => bits | (Number(is) << i), 0);
}
