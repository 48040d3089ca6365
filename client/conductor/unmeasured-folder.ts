import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { hasProgress, RunFile, Sample } from '../../core/schemas/record.ts';
import { inside } from '../../files/inside.ts';
import { isThere, readWhole } from '../../files/read.ts';

/** What a run and its reports leave in a folder. */
const OURS =
  /^(?:run\.json|samples\.jsonl|events\.jsonl|summary\.json|levels\.csv|report\.md|report\.html|charts|target\.log|build\.log)$/;
const OUR_CHARTS = /^[\w.-]+\.(?:svg|png)$/;
/** A run that measured nothing ended soon. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * Empties a folder that holds nothing but a run that failed before it measured anything, so that the corrected command can be given
 * the same folder.
 *
 * @returns false where it holds anything else; it is left as it is then
 * @throws the system's error
 */
export function clearUnmeasured(folder: string): boolean {
  const names = readdirSync(folder);
  if (!names.every((name) => OURS.test(name)) || !isFailed(folder) || hasMeasured(folder)) return false;
  if (names.includes('charts') && !holdsOurCharts(folder)) return false;
  // The run file last: what is left of an attempt that breaks off is still the folder of a failed run.
  for (const name of names.toSorted((a, b) => Number(a === 'run.json') - Number(b === 'run.json'))) {
    inside(folder, name, (path) => rmSync(path, { recursive: name === 'charts' }));
  }
  return true;
}

/** It said how it ended, so nobody writes to it any more. */
function isFailed(folder: string): boolean {
  const { success, data } = RunFile.safeParse(parsed(() => readWhole(folder, 'run.json', MOST_BYTES)));
  return success && (data.status === 'failed' || data.status === 'interrupted') && data.finishedAt !== null;
}

/** Memory was read, or a connection opened; or nobody can tell. */
function hasMeasured(folder: string): boolean {
  if (!isThere(folder, 'samples.jsonl')) return false;
  try {
    const lines = readWhole(folder, 'samples.jsonl', MOST_BYTES).split('\n').slice(0, -1);
    return lines.some((line) => {
      const { success, data } = Sample.safeParse(JSON.parse(line));
      if (!success || data.type === 'memory') return true;
      if (data.type === 'tick') return data.outcomes.open > 0;
      return !hasProgress(data) || data.progress.outcomes.open > 0;
    });
  } catch {
    return true;
  }
}

function holdsOurCharts(folder: string): boolean {
  try {
    return inside(
      folder,
      'charts',
      (path) => lstatSync(path).isDirectory() && readdirSync(path).every((name) => OUR_CHARTS.test(name)),
    );
  } catch {
    return false;
  }
}

function parsed(read: () => string): unknown {
  try {
    return JSON.parse(read());
  } catch {
    return undefined;
  }
}
