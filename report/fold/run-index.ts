import { opendirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFile } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { RigError } from '../../core/values/errors.ts';
import { isThere, readWhole } from '../../files/read.ts';
import { MOST_FILE_BYTES, readRun, readRunFile } from './read-run.ts';
import { summarize } from './summarize.ts';

/** One of many runs, by what its folder says. */
export interface IndexedRun {
  /** Its name below the folder of all runs. */
  readonly folder: string;
  readonly run: RunFile;
  readonly summary: Summary;
  /** There is a page to lead to. */
  readonly hasPage: boolean;
  /** From its beginning to its end; null where it never said that it had ended. */
  readonly tookMs: number | null;
}

export interface RunIndex {
  /** In the order in which they began. */
  readonly runs: readonly IndexedRun[];
  /** What of folders that look like a run's can't be read, and why: all of it, or a part while the rest is among the runs. */
  readonly unreadable: ReadonlyArray<{ readonly folder: string; readonly why: string }>;
}

/** What one page can show. */
const MOST_RUNS = 10_000;

/** A folder of run folders, such as `runs/`: not a run itself, with at least one below it. */
export const isFolderOfRuns = (path: string): boolean => !isThere(path, 'run.json') && runFoldersIn(path, 1).length > 0;

/**
 * What each run below a folder came to. A run without a summary, or with one of another version, is summed up anew; nothing
 * is written.
 */
export function readIndex(path: string): RunIndex {
  const runs: IndexedRun[] = [];
  const unreadable: Array<{ folder: string; why: string }> = [];
  const folders = runFoldersIn(path, MOST_RUNS + 1);
  if (folders.length > MOST_RUNS) {
    unreadable.push({ folder: path, why: `${path} holds more than ${MOST_RUNS} runs: the others are left out` });
  }
  for (const folder of folders.slice(0, MOST_RUNS)) {
    const own = join(path, folder);
    try {
      const { run, summary, problems } = readSummed(own);
      const tookMs = run.finishedAt === null ? null : Date.parse(run.finishedAt) - Date.parse(run.startedAt);
      runs.push({ folder, run, summary, hasPage: isThere(own, 'report.html'), tookMs });
      unreadable.push(...problems.map((problem) => ({ folder, why: `${own}: ${problem}` })));
    } catch (error) {
      if (!(error instanceof RigError)) throw error;
      unreadable.push({ folder, why: error.message });
    }
  }
  const when = ({ run }: IndexedRun): number => Date.parse(run.startedAt);
  return { runs: runs.toSorted((a, b) => when(a) - when(b) || (a.folder < b.folder ? -1 : 1)), unreadable };
}

/** One by one, since there may be anything and any number of it in a folder. @param most folders that are asked for */
function runFoldersIn(path: string, most: number): string[] {
  const found: string[] = [];
  try {
    const entries = opendirSync(path);
    try {
      for (let entry = entries.readSync(); entry && found.length < most; entry = entries.readSync()) {
        if (entry.isDirectory() && isThere(join(path, entry.name), 'run.json')) found.push(entry.name);
      }
    } finally {
      entries.closeSync();
    }
  } catch {
    // It isn't there, or isn't ours to read: what of it is known will have to do.
  }
  return found.sort();
}

/** Reads samples, which may be many, only where there is no summary. */
function readSummed(own: string): Pick<IndexedRun, 'run' | 'summary'> & { readonly problems: readonly string[] } {
  const stored = storedSummary(own);
  if (!stored) {
    const record = readRun(own);
    return { ...record, summary: summarize(record) };
  }
  const problems: string[] = [];
  return { run: readRunFile(own, problems), summary: stored, problems };
}

function storedSummary(folder: string): Summary | undefined {
  try {
    return Summary.safeParse(JSON.parse(readWhole(folder, 'summary.json', MOST_FILE_BYTES))).data;
  } catch {
    return undefined;
  }
}
