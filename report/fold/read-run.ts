import type { ZodType } from 'zod';
import { RECORD_SCHEMA, RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import { RigError } from '../../core/values/errors.ts';
import { MOST_LINE_BYTES, readLines } from '../../files/lines.ts';
import { readWhole, Unreadable } from '../../files/read.ts';
import { SampleKeeper } from './sample-keeper.ts';

/** The most for run.json and summary.json: a hundred times what a run with 10,000 sources and as many levels writes. */
export const MOST_FILE_BYTES = 64 * 2 ** 20;
/** Text of events: a hundred launches have 5 MiB. */
const MOST_EVENT_BYTES = 32 * 2 ** 20;

/** A run as recorded: everything a report is made from. */
export interface RunRecord {
  readonly run: RunFile;
  /** All of them, or of a long run those that its report needs: see {@link SampleKeeper}. */
  readonly samples: readonly Sample[];
  readonly events: readonly RunEvent[];
  /** What couldn't be read, in words; the rest stands. */
  readonly problems: readonly string[];
}

/**
 * Reads a run folder, finished or not, of ours or of somebody else. A client that was killed leaves a last line that is cut
 * off, or files that are missing: what is readable is read, and what isn't is said. However large its files are, what is
 * kept of them is bounded.
 *
 * @throws RigError ERUNFOLDER when there is no run.json that this version understands
 */
export function readRun(folder: string): RunRecord {
  const problems: string[] = [];
  const run = readRunFile(folder, problems);
  return { run, samples: readSamples(folder, problems), events: readEvents(folder, problems), problems };
}

/**
 * @param problems where given, a newer record is read as far as it is understood, and that is said here
 * @throws RigError ERUNFOLDER
 */
export function readRunFile(folder: string, problems?: string[]): RunFile {
  const refuse = (sentence: string, hint: string, cause?: unknown): RigError =>
    new RigError('ERUNFOLDER', `${folder} ${sentence}`, { hint, cause });
  let json: unknown;
  try {
    json = JSON.parse(readWhole(folder, 'run.json', MOST_FILE_BYTES));
  } catch (cause) {
    const why = cause instanceof Unreadable ? cause : undefined;
    if (why?.isAbsent)
      throw refuse('is not a run folder: it has no run.json', 'ls runs/, to see the run folders', cause);
    throw refuse(`has a run.json that ${why?.message ?? 'cannot be read'}`, 'ls runs/, to see the run folders', cause);
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

function readSamples(folder: string, problems: string[]): Sample[] {
  const keeper = new SampleKeeper();
  readRecords(folder, 'samples.jsonl', Sample, problems, (sample, bytes) => keeper.add(sample, bytes));
  if (keeper.leftOut > 0) problems.push(`${keeper.leftOut} memory points of samples.jsonl are too many, and left out`);
  return keeper.samples();
}

function readEvents(folder: string, problems: string[]): RunEvent[] {
  let events: RunEvent[] = [];
  let keptBytes = 0;
  let leftOut = 0;
  let isErrorKnown = false;
  readRecords(folder, 'events.jsonl', RunEvent, problems, (event, bytes) => {
    keptBytes += bytes;
    if (event.type === 'gone-on') {
      events = events.filter(({ type }) => type !== 'error');
      isErrorKnown = false;
    }
    // Why the run ended is told whatever came before.
    const isWhy = event.type === 'error' && !isErrorKnown;
    isErrorKnown ||= isWhy;
    if (keptBytes <= MOST_EVENT_BYTES || isWhy) events.push(event);
    else leftOut += 1;
  });
  if (leftOut > 0) problems.push(`${leftOut} events of events.jsonl are too many, and left out`);
  return events;
}

/** Reads a file of JSON lines, and says what of it can't be read. */
function readRecords<T>(
  folder: string,
  name: string,
  schema: ZodType<T>,
  problems: string[],
  keep: (value: T, bytes: number) => void,
): void {
  let unreadable = 0;
  try {
    const { lines, tooLong, isCutOff, unread } = readLines(folder, name, (line) => {
      const value = valueIn(line, schema);
      if (value === undefined) unreadable += 1;
      else keep(value, line.length);
    });
    if (unread) problems.push(`the last ${unread.bytes} bytes of ${name} are left out: ${unread.why}`);
    else if (isCutOff) problems.push(`the last line of ${name} is cut off and left out`);
    if (unreadable > 0) problems.push(`${unreadable} of ${lines} lines of ${name} could not be read`);
    if (tooLong > 0) {
      problems.push(`${tooLong} of ${lines} lines of ${name} have more than ${MOST_LINE_BYTES / 2 ** 20} MiB`);
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problems.push(`${name} ${error.message}`);
  }
}

function valueIn<T>(line: string, schema: ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
