import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimesResult } from '../../core/schemas/runtimes.ts';
import { compareFolders, writeComparison } from '../../report/compare/compare-runs.ts';
import { readRunFile } from '../../report/fold/read-run.ts';
import { writeIndex } from '../../report/outputs/write-index.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { writeRuntimes } from '../../report/runtimes/write.ts';
import { measuredOn } from '../../report/words/circumstances.ts';
import { goldenRuns, unpackGolden } from '../../scripts/golden/golden-runs.ts';
import { runtimesResult } from '../support/runtimes-result.ts';

/** A page that connrig writes. */
export interface MadePage {
  readonly name: string;
  readonly path: string;
  readonly html: string;
  /** JSON that each of its numbers has to be in. */
  readonly numbers: unknown;
  /** The same of what it was measured on. */
  readonly around: unknown;
}

interface Making {
  /** Recorded runs, by the folder that each is to lie in; all of them by their own names unless said. */
  readonly runs?: Readonly<Record<string, string>>;
  /** Changes the record of a run before anything is made of it. */
  readonly change?: (folder: string) => void;
  readonly result?: RuntimesResult;
}

const VERSION = '0.0.0';

/**
 * Every page there is, once or more: reports in `runs/`, their index, their comparison in `compare/`, and `runtimes/`. What
 * holds for pages is checked on this list, so that a new page has but to be added here.
 */
export function makePages(
  base: string,
  {
    runs = Object.fromEntries(goldenRuns().map((name) => [name, name])),
    change,
    result = runtimesResult(),
  }: Making = {},
): MadePage[] {
  const top = join(base, 'runs');
  const folders = Object.entries(runs).map(([folder, golden]) => {
    const path = join(top, folder);
    unpackGolden(golden, path);
    change?.(path);
    writeReport(path);
    return path;
  });
  const [first = '', ...others] = folders;
  const { index } = writeIndex(top, VERSION);
  const comparison = join(base, 'compare');
  writeComparison(compareFolders([first, ...others]), comparison, VERSION);
  const runtimes = join(base, 'runtimes');
  writeRuntimes(
    runtimes,
    result,
    measuredOn(readRunFile(first)).filter(({ key }) => key !== 'target'),
  );

  const page = (path: string, numbers: unknown, around: unknown = null): MadePage => {
    return { name: path.slice(base.length + 1), path, html: readFileSync(path, 'utf8'), numbers, around };
  };
  return [
    ...folders.map((path) =>
      page(join(path, 'report.html'), json(join(path, 'summary.json')), json(join(path, 'run.json'))),
    ),
    page(join(top, 'index.html'), index.runs),
    page(join(comparison, 'compare.html'), json(join(comparison, 'compare.json'))),
    page(join(runtimes, 'runtimes.html'), json(join(runtimes, 'runtimes.json')), json(join(first, 'run.json'))),
  ];
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
