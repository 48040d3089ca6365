import { closeSync, fstatSync, readSync } from 'node:fs';
import type { ZodType } from 'zod';
import { RunEvent, type RunFile, Sample } from '../core/schemas/record.ts';
import { Lines } from '../files/lines.ts';
import { openToRead } from '../files/read.ts';
import { readRun, readRunFile } from '../report/fold/read-run.ts';
import { summarize } from '../report/fold/summarize.ts';
import type { RunFeed } from './run-feed.ts';

export interface FollowOptions {
  readonly lookEveryMs: number;
  /** Without a word for so long, a run stands still. */
  readonly silentAfterMs: number;
}

/** A run that goes on writes several lines a second. */
const DEFAULTS: FollowOptions = { lookEveryMs: 500, silentAfterMs: 10_000 };
const PIECE_BYTES = 2 ** 20;
/** What is read of a file at one look; the page has to be answered between two of them. */
const LOOK_BYTES = 4 * PIECE_BYTES;

/**
 * Reads a run folder into a feed, and goes on reading for as long as the run does. It costs the run nothing. A record that
 * is long comes piece by piece, so that its page is there at once.
 *
 * @returns how to stop
 * @throws RigError ERUNFOLDER when it isn't one
 */
export function followRun(folder: string, feed: RunFeed, options: FollowOptions = DEFAULTS): () => void {
  const { lookEveryMs, silentAfterMs } = options;
  const tails = [
    new Tail(folder, 'events.jsonl', RunEvent, (event) => feed.event(event)),
    new Tail(folder, 'samples.jsonl', Sample, (sample) => feed.sample(sample)),
  ];
  let stamp = '';
  let heardAtMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let isStopped = false;

  /** @returns when to look again; undefined when nothing comes any more */
  const look = (): number | undefined => {
    // First whether it is over: what was written until then is read below.
    const file = readIfNew();
    if (file) feed.runFile(file);
    if (file) isOver = file.status !== 'running';
    const reads = tails.map((tail) => tail.read());
    if (reads.includes('more')) return 0;
    if (isOver) {
      // Nothing is written after that.
      feed.finish(summarize(readRun(folder)));
      return undefined;
    }
    if (file || reads.includes('grown')) heardAtMs = performance.now();
    feed.silent(performance.now() - heardAtMs > silentAfterMs);
    return lookEveryMs;
  };
  const readIfNew = (): RunFile | undefined => {
    // Replaced as a whole each time.
    const fd = openToRead(folder, 'run.json');
    const { mtimeMs, ino } = fstatSync(fd);
    closeSync(fd);
    if (`${mtimeMs} ${ino}` === stamp) return undefined;
    const file = readRunFile(folder);
    stamp = `${mtimeMs} ${ino}`;
    return file;
  };
  const goOn = (): void => {
    let againMs: number | undefined = lookEveryMs;
    try {
      againMs = look();
    } catch {
      // The folder is gone, or in the middle of being copied: the next look tells.
    }
    if (againMs !== undefined && !isStopped) timer = setTimeout(goOn, againMs);
  };

  feed.runFile(readRunFile(folder));
  goOn();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** A file of JSON lines that grows. What isn't a line yet, or isn't ours, is left. */
class Tail<T> {
  readonly #folder: string;
  readonly #name: string;
  readonly #lines: Lines;
  #offset = 0;

  constructor(folder: string, name: string, schema: ZodType<T>, tell: (value: T) => void) {
    this.#folder = folder;
    this.#name = name;
    this.#lines = new Lines((line) => {
      const value = valueIn(line, schema);
      if (value !== undefined) tell(value);
    });
  }

  /** @returns `more` when there is still something to be read at once */
  read(): 'nothing' | 'grown' | 'more' {
    let fd: number;
    try {
      fd = openToRead(this.#folder, this.#name);
    } catch {
      return 'nothing';
    }
    try {
      const begin = this.#offset;
      const end = Math.min(fstatSync(fd).size, begin + LOOK_BYTES);
      while (this.#offset < end && !this.#lines.isEndless && this.#piece(fd)) {}
      if (this.#offset - begin >= LOOK_BYTES) return 'more';
      return this.#offset > begin ? 'grown' : 'nothing';
    } finally {
      closeSync(fd);
    }
  }

  #piece(fd: number): boolean {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = readSync(fd, piece, 0, PIECE_BYTES, this.#offset);
    this.#offset += length;
    this.#lines.add(piece.subarray(0, length));
    return length > 0;
  }
}

function valueIn<T>(line: string, schema: ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    // Cut off by a client that was killed.
    return undefined;
  }
}
