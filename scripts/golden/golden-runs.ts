import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { compareFolders, writeComparison } from '../../report/compare/compare-runs.ts';
import { writeReport } from '../../report/outputs/write-report.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HOME = 'test/golden';
/** What a run leaves; the rest is made of it. */
const RECORD = ['run.json', 'samples.jsonl', 'events.jsonl'];

/** Names of the recorded runs: see test/golden/README.md. */
export const goldenRuns = (): string[] =>
  readdirSync(join(ROOT, HOME))
    .filter((name) => statSync(join(ROOT, HOME, name)).isDirectory())
    .sort();

/** Puts a recorded run into a folder, as it was when the client had ended, without any report. */
export function unpackGolden(name: string, folder: string): void {
  const home = join(ROOT, HOME, name);
  mkdirSync(folder, { recursive: true });
  for (const file of ['run.json', 'events.jsonl']) cpSync(join(home, file), join(folder, file));
  writeFileSync(join(folder, 'samples.jsonl'), gunzipSync(readFileSync(join(home, 'samples.jsonl.gz'))));
}

/** Every file that a report has made, by its name in the folder. */
export function renderedIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort();
  return new Map(
    names.filter((name) => !RECORD.includes(name)).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** Recorded runs that are compared with each other. */
export const COMPARED = ['two-legs', 'cycles', 'noisy'] as const;

/** Compares recorded runs into a folder. */
export function compareGolden(folder: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-golden-'));
  try {
    const [first, ...others] = COMPARED.map((name) => {
      unpackGolden(name, join(scratch, name));
      return join(scratch, name);
    });
    writeComparison(compareFolders([first!, ...others]), folder, '0.0.0');
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** A line for each file: its digest, and its name. */
export const digestsOf = (rendered: ReadonlyMap<string, string>): string =>
  [...rendered].map(([file, text]) => `${createHash('sha256').update(text).digest('hex')}  ${file}\n`).join('');

/** What is kept of what is made of recorded runs: paths from the root of the repository, and texts. */
export function goldenReports(): Array<readonly [path: string, text: string]> {
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-golden-'));
  try {
    const reports = goldenRuns().flatMap((name) => {
      const folder = join(scratch, name);
      unpackGolden(name, folder);
      writeReport(folder);
      const rendered = renderedIn(folder);
      return [
        [`${HOME}/${name}/report.md`, rendered.get('report.md') ?? ''],
        [`${HOME}/${name}/rendered.sha256`, digestsOf(rendered)],
      ] as const;
    });
    const folder = join(scratch, 'compared');
    compareGolden(folder);
    const rendered = renderedIn(folder);
    return [
      ...reports,
      [`${HOME}/compare.md`, rendered.get('compare.md') ?? ''],
      [`${HOME}/compare.sha256`, digestsOf(rendered)],
    ];
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
