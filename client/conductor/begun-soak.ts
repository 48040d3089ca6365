import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ZodType } from 'zod';
import { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import { RigError, usageError } from '../../core/values/errors.ts';
import { humanMs } from '../../core/values/units.ts';
import { readLines } from '../../files/lines.ts';
import { isThere, readWhole } from '../../files/read.ts';
import { clearUnmeasured } from './unmeasured-folder.ts';

/** Where a soak stands that is gone on with. */
export interface GoingOnAt {
  /** How often it has been gone on with, this time included. */
  readonly segment: number;
  /** How long the level was held before, until the last reading of its memory. */
  readonly heldMs: number;
}

/** A soak that was interrupted, as its folder tells. */
export interface BegunSoak extends GoingOnAt {
  readonly launch: number;
  readonly leg: number;
  readonly file: RunFile;
  /** When the last was recorded, in ms since the run began. */
  readonly elapsedMs: number;
}

/** A hundred times what a run with 10,000 sources writes. */
const MOST_FILE_BYTES = 64 * 2 ** 20;
/** What is measured is the same with any other of these. */
const OF_THE_COMMAND: ReadonlySet<string> = new Set(
  'out name json quiet force dryRun again live metrics metricsFile lingerMs summaryFile junitFile failIf'.split(' '),
);

/**
 * The soak that was interrupted in a folder, to go on with it.
 *
 * @param settings of the command, as a run records them
 * @returns undefined where the folder is free, or holds only a run that measured nothing: that is cleared
 * @throws RigError EOUT where its run can't be gone on with, EUSAGE where it had other settings, ERUNFOLDER where it can't be read
 */
export function findBegunSoak(folder: string, settings: Readonly<Record<string, unknown>>): BegunSoak | undefined {
  if (!isThere(folder, 'run.json') || clearUnmeasured(folder)) return undefined;
  const file = readFileOf(folder);
  if (isBeingWritten(folder, file.generator.pid))
    throw refusal(`${folder} is being written by process ${file.generator.pid}`);
  if (file.status === 'passed') throw refusal(`${folder} holds a run that is finished`);
  const other = otherSetting(file.config, settings);
  if (other !== undefined) {
    throw usageError([`${folder} holds a run with another ${other}`], 'connrig run … --out runs/another');
  }
  const begun = standOf(folder);
  if (!begun) throw refusal(`the run in ${folder} was not interrupted in a soak`);
  if (file.status === 'failed' && begun.isSoaking)
    throw refusal(`the run in ${folder} was ended by an error in its soak`);
  const { isSoaking: _, ...at } = begun;
  return { ...at, file };
}

/** What ended a run; where that interrupted a soak, its hint says how that is gone on with. */
export function orToGoOnWith(error: unknown, folder: string): unknown {
  if (!(error instanceof RigError) || error.code !== 'EINTERRUPTED' || !standOf(folder)) return error;
  const hint = `the same command with --out <run folder> goes on with the soak; ${error.hint}`;
  return new RigError(error.code, error.message, { hint, cause: error });
}

/** For who waits. */
export const goingOnNotice = ({ heldMs, segment }: GoingOnAt): string =>
  `going on with a soak of which ${humanMs(heldMs)} are over, in segment ${segment + 1}`;

const refusal = (sentence: string): RigError => new RigError('EOUT', sentence, { hint: '--out another folder' });

function readFileOf(folder: string): RunFile {
  try {
    return RunFile.parse(JSON.parse(readWhole(folder, 'run.json', MOST_FILE_BYTES)));
  } catch (cause) {
    throw new RigError('ERUNFOLDER', `${folder} has a run.json that this version can't go on with`, {
      hint: '--out another folder',
      cause,
    });
  }
}

/** Its client may live on where nobody sees it. */
function isBeingWritten(folder: string, pid: number | undefined): boolean {
  if (pid === undefined || pid === process.pid) return false;
  const fds = `/proc/${pid}/fd`;
  try {
    const record = join(realpathSync(folder), 'samples.jsonl');
    return readdirSync(fds).some((fd) => readlinkSync(join(fds, fd)) === record);
  } catch {
    // It is gone, or somebody else's by now.
    return false;
  }
}

function otherSetting(
  recorded: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  const asked = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  const names = new Set([...Object.keys(recorded), ...Object.keys(asked)]);
  return [...names].find((name) => !OF_THE_COMMAND.has(name) && !isDeepStrictEqual(recorded[name], asked[name]));
}

/** @returns undefined where no soak was under way; `isSoaking`: it was when the run ended */
function standOf(folder: string): (Omit<BegunSoak, 'file'> & { readonly isSoaking: boolean }) | undefined {
  let at: { readonly launch: number; readonly leg: number } | undefined;
  let [segment, elapsedMs, heldMs, isSoaking] = [1, 0, 0, false];
  each(folder, 'events.jsonl', RunEvent, (event) => {
    elapsedMs = Math.max(elapsedMs, event.elapsedMs);
    if (event.type === 'gone-on') segment += 1;
    if (event.type === 'gone-on') isSoaking = false;
    if (event.type !== 'phase') return;
    const { phase, launch, leg } = event;
    isSoaking = phase === 'soak';
    if (isSoaking) at = { launch, leg };
    else if (phase === 'drain') at = undefined;
  });
  if (!at) return undefined;
  const { launch, leg } = at;
  each(folder, 'samples.jsonl', Sample, (sample) => {
    elapsedMs = Math.max(elapsedMs, sample.elapsedMs);
    const isOfIt = sample.type === 'drift' && sample.phase === 'soak' && sample.launch === launch && sample.leg === leg;
    if (isOfIt) heldMs = sample.heldMs;
  });
  return { launch, leg, segment, heldMs, elapsedMs, isSoaking };
}

/** A line that was cut off is none. */
function each<T>(folder: string, name: string, schema: ZodType<T>, tell: (value: T) => void): void {
  readLines(folder, name, (line) => {
    try {
      const { success, data } = schema.safeParse(JSON.parse(line));
      if (success) tell(data);
    } catch {
      // Nothing that a run writes.
    }
  });
}
