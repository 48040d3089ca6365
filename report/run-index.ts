import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RigError } from '../core/errors.ts';
import type { RunFile } from '../core/record.ts';
import { Summary } from '../core/summary.ts';
import { readRun, readRunFile } from './read-run.ts';
import { summarize } from './summarize.ts';

/** One of many runs, by what its folder says. */
export interface IndexedRun {
  /** Its name below the folder of all runs. */
  readonly folder: string;
  readonly run: RunFile;
  readonly summary: Summary;
  /** There is a page to lead to. */
  readonly hasPage: boolean;
}

export interface RunIndex {
  /** In the order in which they began. */
  readonly runs: readonly IndexedRun[];
  /** What of folders that look like a run's can't be read, and why: all of it, or a part while the rest is among the runs. */
  readonly unreadable: ReadonlyArray<{ readonly folder: string; readonly why: string }>;
}

/** A folder of run folders, such as `runs/`: not a run itself, with at least one below it. */
export const isFolderOfRuns = (path: string): boolean =>
  !existsSync(join(path, 'run.json')) && runFoldersIn(path).length > 0;

/**
 * What each run below a folder came to. A run without a summary, or with one of another version, is summed up anew; nothing
 * is written.
 */
export function readIndex(path: string): RunIndex {
  const runs: IndexedRun[] = [];
  const unreadable: Array<{ folder: string; why: string }> = [];
  for (const folder of runFoldersIn(path)) {
    const own = join(path, folder);
    try {
      const { run, summary, problems } = readSummed(own);
      runs.push({ folder, run, summary, hasPage: existsSync(join(own, 'report.html')) });
      unreadable.push(...problems.map((problem) => ({ folder, why: `${own}: ${problem}` })));
    } catch (error) {
      if (!(error instanceof RigError)) throw error;
      unreadable.push({ folder, why: error.message });
    }
  }
  const when = ({ run }: IndexedRun): number => Date.parse(run.startedAt);
  return { runs: runs.toSorted((a, b) => when(a) - when(b) || (a.folder < b.folder ? -1 : 1)), unreadable };
}

function runFoldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, 'run.json')))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
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
    return Summary.safeParse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
