import type { Writable } from 'node:stream';
import type { Change, Delta, View, ViewSnapshot } from './view.ts';

/** Something that changes and is shown. */
export interface Source {
  /** All of it as it stands. */
  view(): View;
  /** What changed since this was last asked; undefined: nothing did. */
  changes(): Change | undefined;
  /** Nobody was looking, and now somebody is; or the other way round. */
  watched?(isWatched: boolean): void;
}

export interface BroadcastOptions {
  /** Between two updates, in ms. */
  readonly everyMs: number;
  /** A sign of life for streams on which nothing was written for so long, in ms. */
  readonly beatMs: number;
}

const DEFAULTS: BroadcastOptions = { everyMs: 300, beatMs: 4000 };

interface Watcher {
  readonly to: Writable;
  /** It needs the whole view: it is new, or didn't take what was sent for a while. */
  isBehind: boolean;
  lastMs: number;
}

/**
 * Tells any number of streams (Server-Sent Events) what a source shows. Each update is made and serialised once for all
 * of them. A reader that doesn't keep up is sent nothing until it has taken everything, and then the whole view. So what
 * waits for a slow reader is never more than one message, and in the end it sees what everybody sees. While nobody looks,
 * nothing is done.
 */
export class Broadcast {
  readonly #source: Source;
  readonly #options: BroadcastOptions;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;
  #snapshot: Buffer | undefined;

  constructor(source: Source, options: Partial<BroadcastOptions> = {}) {
    this.#source = source;
    this.#options = { ...DEFAULTS, ...options };
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** @param to ended streams leave by themselves */
  join(to: Writable): void {
    const watcher: Watcher = { to, isBehind: true, lastMs: performance.now() };
    this.#watchers.add(watcher);
    to.on('error', () => {});
    to.once('close', () => this.#leave(watcher));
    if (this.#timer) return;
    this.#source.watched?.(true);
    this.#timer = setInterval(() => this.update(), this.#options.everyMs);
    this.#timer.unref();
    // The first one doesn't wait.
    this.update();
  }

  /** Brings every stream up to date that takes it. */
  update(): void {
    const change = this.#source.changes();
    const delta = change && this.#watchers.size > 0 ? this.#messageOf(change) : undefined;
    if (change) this.#snapshot = undefined;
    const now = performance.now();
    for (const watcher of this.#watchers) this.#tell(watcher, delta, now);
  }

  /** Everybody's last word, then the end of all streams. */
  close(): void {
    this.update();
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { to } of this.#watchers) to.end();
  }

  #tell(watcher: Watcher, delta: Buffer | undefined, now: number): void {
    const { to, isBehind, lastMs } = watcher;
    if (to.writableNeedDrain) {
      watcher.isBehind ||= delta !== undefined;
      return;
    }
    const message = isBehind ? this.#whole() : delta;
    if (message) to.write(message);
    else if (now - lastMs >= this.#options.beatMs) to.write(BEAT);
    else return;
    watcher.isBehind = false;
    watcher.lastMs = now;
  }

  #messageOf(change: Change): Buffer {
    this.#seq += 1;
    return eventOf('delta', this.#seq, { seq: this.#seq, ...change } satisfies Delta);
  }

  /** Only made in `update`, after changes were taken: it can't be ahead of the deltas that follow. */
  #whole(): Buffer {
    this.#snapshot ??= eventOf('snapshot', this.#seq, {
      seq: this.#seq,
      view: this.#source.view(),
    } satisfies ViewSnapshot);
    return this.#snapshot;
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#source.watched?.(false);
  }
}

const BEAT = Buffer.from('event: beat\ndata:\n\n');

const eventOf = (name: string, seq: number, value: unknown): Buffer =>
  // JSON has no line breaks of its own: one line of data is enough.
  Buffer.from(`event: ${name}\nid: ${seq}\ndata: ${JSON.stringify(value)}\n\n`);
