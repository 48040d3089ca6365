import { SCHEMES } from '../core/protocols/schemes.ts';
import type { Census, ServerMemory, TopConnections } from '../core/schemas/admin.ts';
import type { TimePoint } from '../core/schemas/series.ts';
import { Thinned } from '../core/stats/thinned.ts';
import { MOST_TIME_POINTS } from '../report/fold/series.ts';
import type { Source } from './broadcast.ts';
import type { Change, ServerView } from './view.ts';
import { Changes } from './view-changes.ts';

/** What is asked of a server, now and then. */
export interface ServerFeedReader {
  /** O(1) in the number of connections. */
  memory(): Promise<ServerMemory>;
  /** Goes through all connections. */
  top(count: number): Promise<TopConnections>;
}

const EVERY_MS = 1000;
const TOP_COUNT = 20;
/** Looking through all connections takes at most this share of the time. */
const TOP_SHARE = 0.01;
const TOP_EVERY_MS = 2000;

/** Asks the server for what the page shows, for as long as somebody looks at it. The series begins with the first look. */
export class ServerFeed implements Source {
  readonly #reader: ServerFeedReader;
  readonly #time = new Thinned<TimePoint>(MOST_TIME_POINTS);
  readonly #changes = new Changes<'memory' | 'top'>();
  readonly #startedAtMs = performance.now();
  #memory: ServerMemory | null = null;
  #top: TopConnections | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #topNotBeforeMs = 0;

  constructor(reader: ServerFeedReader) {
    this.#reader = reader;
  }

  watched(isWatched: boolean): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!isWatched) return;
    void this.#ask();
    this.#timer = setInterval(() => void this.#ask(), EVERY_MS);
    this.#timer.unref();
  }

  view(): ServerView {
    return { kind: 'server', memory: this.#memory, time: this.#time.points, top: this.#top };
  }

  changes(): Change | undefined {
    const { parts, isTimeNew, appended } = this.#changes.take();
    if (parts.size === 0 && !isTimeNew && appended.length === 0) return undefined;
    return {
      set: {
        ...(parts.has('memory') ? { memory: this.#memory } : {}),
        ...(parts.has('top') ? { top: this.#top } : {}),
        ...(isTimeNew ? { time: this.#time.points } : {}),
      },
      ...(appended.length > 0 ? { append: appended } : {}),
    };
  }

  /** One question at a time, however long the answer takes. A server that is stopping has no answer; then it is over. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#memory = await this.#reader.memory();
      this.#changes.add('memory');
      const point = pointOf(this.#memory, performance.now() - this.#startedAtMs);
      const happened = this.#time.add(point);
      if (happened !== 'left out') this.#changes.time(point, happened === 'thinned');
      if (performance.now() >= this.#topNotBeforeMs) await this.#askTop();
    } catch {
      // What was shown last stays.
    } finally {
      this.#isAsking = false;
    }
  }

  async #askTop(): Promise<void> {
    const startMs = performance.now();
    this.#top = await this.#reader.top(TOP_COUNT);
    this.#changes.add('top');
    const tookMs = performance.now() - startMs;
    this.#topNotBeforeMs = startMs + Math.max(TOP_EVERY_MS, tookMs / TOP_SHARE);
  }
}

function pointOf({ processes, census }: ServerMemory, elapsedMs: number): TimePoint {
  const sum = (pick: (of: Census[keyof Census]) => number): number =>
    SCHEMES.reduce((all, name) => all + pick(census[name]), 0);
  const { open, handshaking, closed, refused } = {
    open: sum((of) => of.open),
    handshaking: sum((of) => of.handshaking),
    closed: sum((of) => Object.values(of.closed).reduce((all, count) => all + count, 0)),
    refused: sum(
      (of) =>
        of.closed['over-limit'] + of.closed['bad-handshake'] + of.closed['tls-failed'] + of.closed['handshake-timeout'],
    ),
  };
  return {
    elapsedMs: Math.round(elapsedMs),
    launch: 0,
    leg: 0,
    open,
    opening: handshaking,
    closed: closed - refused,
    // Usable at some time: still open, or closed after it was.
    opened: open + closed - refused,
    failed: refused,
    targetBytes: processes.reduce((all, one) => all + one.rssBytes, 0),
  };
}
