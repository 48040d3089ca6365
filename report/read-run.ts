import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { RigError } from '../core/errors.ts';
import { RECORD_SCHEMA, RunEvent, RunFile, Sample } from '../core/record.ts';

/** A run as recorded: everything a report is made from. */
export interface RunRecord {
  readonly run: RunFile;
  readonly samples: readonly Sample[];
  readonly events: readonly RunEvent[];
  /** What couldn't be read, in words; the rest stands. */
  readonly problems: readonly string[];
}

/**
 * Reads a run folder, finished or not. A client that was killed leaves a last line that is cut off, or files that are
 * missing: what is readable is read, and what isn't is said.
 *
 * @throws RigError ERUNFOLDER when there is no run.json that this version understands
 */
export function readRun(folder: string): RunRecord {
  const problems: string[] = [];
  return {
    run: readRunFile(folder, problems),
    samples: readLines(folder, 'samples.jsonl', Sample, problems),
    events: readLines(folder, 'events.jsonl', RunEvent, problems),
    problems,
  };
}

/**
 * @param problems where given, a newer record is read as far as it is understood, and that is said here
 * @throws RigError ERUNFOLDER
 */
export function readRunFile(folder: string, problems?: string[]): RunFile {
  const path = join(folder, 'run.json');
  const refuse = (sentence: string, hint: string, cause?: unknown): RigError =>
    new RigError('ERUNFOLDER', `${folder} ${sentence}`, { hint, cause });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    // ENOTDIR: what was named is a file.
    const absent = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw refuse(
      absent ? 'is not a run folder: it has no run.json' : 'has a run.json that cannot be read',
      'ls runs/, to see the run folders',
      cause,
    );
  }
  const schema = json !== null && typeof json === 'object' && 'schema' in json ? json.schema : undefined;
  if (typeof schema === 'number' && schema > RECORD_SCHEMA) {
    const newer = `was recorded by a newer connrig (schema ${schema}; this one reads ${RECORD_SCHEMA})`;
    const understood = RunFile.safeParse({ ...(json as object), schema: RECORD_SCHEMA });
    if (!understood.success || !problems) throw refuse(newer, 'npm install --global connrig@latest');
    problems.push(`the run ${newer}: what is understood of it is shown, and may mean something else by now`);
    return understood.data;
  }
  const parsed = RunFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refuse(
    `has a run.json that is not ours: ${[...(issue?.path.length ? [issue.path.join('.')] : []), issue?.message].join(': ')}`,
    'ls runs/',
    parsed.error,
  );
}

function readLines<T>(folder: string, name: string, schema: ZodType<T>, problems: string[]): T[] {
  let text: string;
  try {
    text = readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    problems.push(`${name} is missing (${(error as NodeJS.ErrnoException).code ?? error})`);
    return [];
  }
  const lines = text.split('\n');
  // A whole file ends in a newline; what follows the last one is a line that was being written.
  if (lines.pop() !== '') problems.push(`the last line of ${name} is cut off and left out`);
  const values: T[] = [];
  let unreadable = 0;
  for (const line of lines) {
    const value = readLine(line, schema);
    if (value === undefined) unreadable += 1;
    else values.push(value);
  }
  if (unreadable > 0) problems.push(`${unreadable} of ${lines.length} lines of ${name} could not be read`);
  return values;
}

function readLine<T>(line: string, schema: ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
