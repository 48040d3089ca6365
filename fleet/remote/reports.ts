import type { Redis } from 'ioredis';
import type { ShareState } from '../../core/schemas/share-state.ts';
import { monotonicClock } from '../local/shared.ts';
import { ENTRY_FIELD, type fleetKeys, ShareEvent, type ShareReport } from './messages.ts';
import { ReportReader } from './report-hash.ts';
import { ReportSum } from './report-sum.ts';
import { unpackReport } from './report-texts.ts';
import { heard, type Voice } from './said.ts';
import { LettingGo, shareStates } from './share-states.ts';

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
  readonly #lettingGo = new LettingGo();
  readonly #reader: ReportReader;
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
    this.#reader = new ReportReader(redis, keys.reports, shares);
    this.#listener = listener;
    this.#heardAtMs = Array.from({ length: shares }, () => this.#now());
  }

  /** @throws what Redis said */
  async look(): Promise<void> {
    const { events } = this.#keys;
    const [texts, entries] = await Promise.all([
      this.#reader.read(),
      this.#redis.xrange(events, this.#lastEvent === '0' ? '-' : `(${this.#lastEvent}`, '+'),
    ]);
    for (const [id, fields] of entries) {
      this.#lastEvent = id;
      const text = fields[fields.indexOf(ENTRY_FIELD) + 1] ?? '';
      if (this.#heard.has(text)) continue;
      const event = heard(ShareEvent, text, 'event', this.#voice);
      if (event?.type === 'fenced' || event?.type === 'over') this.sum.letGo(event.share, event.generation);
      if (event) {
        this.#heard.add(text);
        this.#lettingGo.event(event);
        this.#listener.onEvent(event);
      } else this.#leaveOut('event');
    }
    for (const text of texts) {
      const report = unpackReport(text, this.#voice);
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

  /** How long nothing was heard of a share, in ms. */
  heardAgoMs(share: number): number {
    return this.#now() - (this.#heardAtMs[share] ?? Number.NEGATIVE_INFINITY);
  }

  states(): ShareState[] {
    const now = this.#now();
    const agoMs = this.#heardAtMs.map((atMs) => now - atMs);
    return shareStates(this.sum, this.#lettingGo, agoMs, this.unheard());
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
