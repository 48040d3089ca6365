import type { Redis } from 'ioredis';
import { monotonicClock } from '../local/shared.ts';
import { ENTRY_FIELD, type fleetKeys, ShareEvent, ShareReport } from './messages.ts';
import { ReportSum } from './report-sum.ts';
import { heard, type Voice } from './said.ts';

/** Each share reports once a second. A worker that says nothing for so long may have lost what it had open. */
const UNHEARD_AFTER_MS = 5000;

/** A share that another machine holds now, or the same one anew. */
export interface MovedShare {
  readonly share: number;
  /** Hosts. */
  readonly from: string;
  readonly to: string;
  /** From the last report there to the first one here. */
  readonly awayMs: number;
}

interface Listener {
  readonly onEvent: (event: ShareEvent) => void;
  readonly onMoved: (moved: MovedShare) => void;
  /** Something in Redis that no worker of ours can have written; it is left out. Told once of each. */
  readonly onForeign: (what: 'report' | 'event') => void;
}

/** What the workers of a run say, as it lies in Redis. Nothing comes by itself: somebody calls {@link look} again and again. */
export class Reports {
  readonly sum: ReportSum;
  readonly #redis: Redis;
  readonly #keys: ReturnType<typeof fleetKeys>;
  readonly #listener: Listener;
  readonly #heardAtMs: number[];
  readonly #now = monotonicClock();
  /** As they were, so that those which say nothing new are not read again. */
  readonly #texts = new Map<string, string>();
  #lastEvent = '0';
  readonly #voice: Voice;
  /** Events as they were: one that comes again was copied, since none is said twice. */
  readonly #heard = new Set<string>();
  readonly #leftOut = new Set<string>();

  constructor(shares: number, redis: Redis, keys: ReturnType<typeof fleetKeys>, voice: Voice, listener: Listener) {
    this.#voice = voice;
    this.sum = new ReportSum(shares);
    this.#redis = redis;
    this.#keys = keys;
    this.#listener = listener;
    this.#heardAtMs = Array.from({ length: shares }, () => this.#now());
  }

  /** @throws what Redis said */
  async look(): Promise<void> {
    const { reports, events } = this.#keys;
    const [said, entries] = await Promise.all([
      this.#redis.hgetall(reports),
      this.#redis.xrange(events, this.#lastEvent === '0' ? '-' : `(${this.#lastEvent}`, '+'),
    ]);
    for (const [id, fields] of entries) {
      this.#lastEvent = id;
      const text = fields[fields.indexOf(ENTRY_FIELD) + 1] ?? '';
      if (this.#heard.has(text)) continue;
      const event = heard(ShareEvent, text, 'event', this.#voice);
      if (event) {
        this.#heard.add(text);
        this.#listener.onEvent(event);
      } else this.#leaveOut('event');
    }
    for (const [field, text] of Object.entries(said)) {
      if (this.#texts.get(field) === text) continue;
      this.#texts.set(field, text);
      const report = heard(ShareReport, text, 'report', this.#voice);
      if (report) this.#take(report);
      else this.#leaveOut('report');
    }
  }

  /** Events begin anew where Redis came back without those that were there. */
  forget(): void {
    this.#lastEvent = '0';
  }

  /** Shares that are not heard of, and for how long, in ms. */
  unheard(afterMs = UNHEARD_AFTER_MS): ReadonlyMap<number, number> {
    const now = this.#now();
    const silent = this.#heardAtMs.map((atMs, share) => [share, now - atMs] as const);
    return new Map(silent.filter(([, ms]) => ms > afterMs));
  }

  #leaveOut(what: 'report' | 'event'): void {
    if (!this.#leftOut.has(what)) this.#listener.onForeign(what);
    this.#leftOut.add(what);
  }

  #take(report: ShareReport): void {
    const { share } = report;
    const before = this.sum.newest(share);
    const moved = this.sum.take(report);
    const now = this.#now();
    if (this.sum.newest(share) !== before) {
      const awayMs = now - (this.#heardAtMs[share] ?? now);
      this.#heardAtMs[share] = now;
      if (moved) this.#listener.onMoved({ share, from: moved.from.host, to: moved.to.host, awayMs });
    }
  }
}
