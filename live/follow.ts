import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { RunEvent, type RunFile, Sample } from '../core/record.ts';
import { readRun, readRunFile } from '../report/read-run.ts';
import { summarize } from '../report/summarize.ts';
import type { RunFeed } from './run-feed.ts';

export interface FollowOptions {
  readonly lookEveryMs: number;
  /** Without a word for so long, a run stands still. */
  readonly silentAfterMs: number;
}

/** A run that goes on writes several lines a second. */
const DEFAULTS: FollowOptions = { lookEveryMs: 500, silentAfterMs: 10_000 };
const PIECE_BYTES = 2 ** 20;

/**
 * Reads a run folder into a feed, and goes on reading for as long as the run does. It costs the run nothing.
 *
 * @returns how to stop
 * @throws RigError ERUNFOLDER when it isn't one
 */
export function followRun(folder: string, feed: RunFeed, options: FollowOptions = DEFAULTS): () => void {
  const { lookEveryMs, silentAfterMs } = options;
  const tails = [
    new Tail(join(folder, 'events.jsonl'), RunEvent, (event) => feed.event(event)),
    new Tail(join(folder, 'samples.jsonl'), Sample, (sample) => feed.sample(sample)),
  ];
  let stamp = 0;
  let heardAtMs = performance.now();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const file = readIfNew();
    const hasGrown = tails.map((tail) => tail.read()).includes(true);
    if (file) feed.runFile(file);
    if (file && file.status !== 'running') {
      // Nothing is written after that.
      clearInterval(timer);
      feed.finish(summarize(readRun(folder)));
      return;
    }
    if (file || hasGrown) heardAtMs = performance.now();
    feed.silent(performance.now() - heardAtMs > silentAfterMs);
  };
  const readIfNew = (): RunFile | undefined => {
    // Replaced as a whole each time.
    const { mtimeMs, ino } = statSync(join(folder, 'run.json'));
    if (mtimeMs + ino === stamp) return undefined;
    const file = readRunFile(folder);
    stamp = mtimeMs + ino;
    return file;
  };

  feed.runFile(readRunFile(folder));
  timer = setInterval(() => {
    try {
      look();
    } catch {
      // The folder is gone, or in the middle of being copied: the next look tells.
    }
  }, lookEveryMs);
  look();
  return () => clearInterval(timer);
}

/** A file of JSON lines that grows. What isn't a line yet, or isn't ours, is left. */
class Tail<T> {
  readonly #path: string;
  readonly #schema: ZodType<T>;
  readonly #tell: (value: T) => void;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string, schema: ZodType<T>, tell: (value: T) => void) {
    this.#path = path;
    this.#schema = schema;
    this.#tell = tell;
  }

  /** @returns whether there was more */
  read(): boolean {
    let fd: number;
    try {
      fd = openSync(this.#path, 'r');
    } catch {
      return false;
    }
    try {
      const end = fstatSync(fd).size;
      const begin = this.#offset;
      while (this.#offset < end && this.#piece(fd)) {}
      return this.#offset > begin;
    } finally {
      closeSync(fd);
    }
  }

  #piece(fd: number): boolean {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = readSync(fd, piece, 0, PIECE_BYTES, this.#offset);
    this.#offset += length;
    const bytes = Buffer.concat([this.#rest, piece.subarray(0, length)]);
    const end = bytes.lastIndexOf('\n') + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    for (const line of bytes.toString('utf8', 0, end).split('\n')) this.#line(line);
    return length > 0;
  }

  #line(line: string): void {
    try {
      const { data } = this.#schema.safeParse(JSON.parse(line));
      if (data !== undefined) this.#tell(data);
    } catch {
      // Cut off by a client that was killed.
    }
  }
}
