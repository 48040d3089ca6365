import { join } from 'node:path';
import type { Command } from 'commander';
import { windowOf } from '../client/conductor/leg-fleet.ts';
import { defaultFolder } from '../client/conductor/recorder.ts';
import type { RunDeps } from '../client/deps.ts';
import { beginSearch, resumeSearch } from '../client/limit/begin-search.ts';
import { findLimit } from '../client/limit/find-limit.ts';
import { stepConfig } from '../client/limit/step-config.ts';
import { run as runOnce } from '../client/run.ts';
import { type FindLimitConfig, parseFindLimitConfig } from '../config/find-limit-config.ts';
import { FIND_LIMIT_OPTIONS } from '../config/find-limit-options.ts';
import type { FindLimit, SearchStep } from '../core/schemas/find-limit.ts';
import { EXIT } from '../core/values/errors.ts';
import { setAside } from '../lab/run-cell.ts';
import { readRun } from '../report/fold/read-run.ts';
import { forecastIn } from '../report/limit/forecast.ts';
import { judgeRepeat, memoryObjective } from '../report/limit/judge.ts';
import { limitedCount, valuesOfStep, verdictOfStep } from '../report/limit/limit-phrases.ts';
import { terminalLimit } from '../report/limit/outputs.ts';
import { readSearch, writeSearch, writeSearchReport } from '../report/limit/search-file.ts';
import { plain } from '../report/words/phrase.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import { CHECK_NOUNS } from './doctor.ts';
import { type LiveLine, liveLine, silentLine } from './live-line.ts';
import { addPlanArguments, openingsOf, readConfigFile } from './plan-arguments.ts';

/**
 * Adds `connrig find-limit`: steps of more and fewer connections, opens or messages, until it is known where what has to hold breaks.
 * Steps are told on stderr as they are made, the answer on stdout.
 */
export function addFindLimitCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('find-limit')
    .description('look for the most connections, opens or messages with which everything holds that has to');
  addPlanArguments(command);
  addOptions(command, FIND_LIMIT_OPTIONS).action(async () => {
    const config = await readConfig(command, deps.env);
    await searchAndTell(config, deps);
  });
}

/** @throws RigError EUSAGE, ECONFIG */
async function readConfig(command: Command, env: CliDeps['env']): Promise<FindLimitConfig> {
  const line = readLine(command, FIND_LIMIT_OPTIONS, env, Number.POSITIVE_INFINITY);
  const { config: file } = command.opts<{ config?: string }>();
  const config = parseFindLimitConfig(line, file === undefined ? {} : readConfigFile(file, 'find-limit'));
  return { ...config, run: await openingsOf(config.run, file, env, 'find-limit') };
}

async function searchAndTell(config: FindLimitConfig, deps: CliDeps): Promise<void> {
  const { stdout, stderr } = deps;
  const { quiet, json } = config;
  const folder = config.out ?? defaultFolder(new Date(), 'find-limit');
  const line = quiet ? silentLine : liveLine(stderr, deps.env);
  const stopping = new AbortController();
  const forget = deps.onSignal(() => {
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    line.note('stopping: the step that goes on is left out; once more to end at once');
    stopping.abort();
  });
  try {
    const found = await search(config, folder, runDeps(config, deps, line, stopping.signal), line);
    if (!found) {
      deps.setExitCode(EXIT.interrupted);
      return;
    }
    line.end();
    const whole: FindLimit = { ...found, finishedAt: new Date().toISOString() };
    writeSearchReport(folder, whole);
    if (json) stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
    if (!json) stdout.write(terminalLimit(whole));
    else if (!quiet) stderr.write(`\n${terminalLimit(whole)}`);
    if (!quiet) stderr.write(`\n${join(folder, 'find-limit.html')}\n`);
    if (whole.error) stderr.write(`${whole.error.code}: ${whole.error.message} — ${whole.error.hint}\n`);
    deps.setExitCode(whole.exitCode ?? EXIT.defect);
  } finally {
    line.end();
    forget();
  }
}

function runDeps({ run }: FindLimitConfig, deps: CliDeps, line: LiveLine, signal: AbortSignal): RunDeps {
  const { self, version, env } = deps;
  return {
    self,
    version,
    env,
    signal,
    wallClock: () => new Date(),
    // The phases of a step take a second or two; what is told is the step.
    onProgress: 'isTTY' in deps.stderr && deps.stderr.isTTY === true ? line.show : () => {},
    // What each run warns of stands in its record.
    onNotice: (text) => {
      if (run.target) line.note(text);
    },
    observers: [],
  };
}

/** Begins a search, or goes on with the one in the folder. @returns undefined where it was interrupted before there was one */
async function search(
  config: FindLimitConfig,
  folder: string,
  run: RunDeps,
  line: LiveLine,
): Promise<FindLimit | undefined> {
  const { of, question, memoryLimitBytes } = config;
  const before = readSearch(folder, question);
  const nameLimit = (limiter: keyof typeof CHECK_NOUNS): string => CHECK_NOUNS[limiter];
  const begun = before
    ? await resumeSearch(config, before, nameLimit)
    : await beginSearch(config, {
        run,
        folder,
        nameLimit,
        forecast: (own) => forecastIn(readRun(own), of, config.leastMemoryBytes),
        say: line.note,
      });
  if (!begun) return undefined;
  const { from, most, steps } = begun;
  if (before) line.note(`going on with ${steps.length} steps`);
  else
    line.note(
      `from ${plain(limitedCount(from.at, of))} (${from.why}), to ${plain(limitedCount(most.at, of))} at most (${most.why})`,
    );
  const objectives = [
    ...(config.objectives ?? []),
    ...(memoryLimitBytes === undefined ? [] : [memoryObjective(memoryLimitBytes)]),
  ];
  const window = windowOf(config.run, config.run.plan.legs[0]!);
  return findLimit(begun, {
    signal: run.signal,
    objectives,
    async repeat(name, at) {
      const own = join(folder, name);
      setAside(own);
      await runOnce(stepConfig(config, at, own), run);
      return judgeRepeat(readRun(own), name, { of, objectives, at, window });
    },
    save: (kept) => writeSearch(folder, kept),
    onStep(step, index) {
      if (step.verdict !== null) line.note(stepLine(step, index, begun));
    },
  });
}

/** `step 3: 4,000 connections: held 3 of 3 (rtt.p99 0.31 ms, failed 0 %)`. */
function stepLine(step: SearchStep, index: number, { question: { of, objectives } }: FindLimit): string {
  const values = valuesOfStep(step, objectives);
  const told = objectives.map((expression, i) => `${expression.split(' ')[0]} ${values[i]}`);
  const measured = step.verdict === 'held' && told.length > 0 ? ` (${told.join(', ')})` : '';
  return `step ${index + 1}: ${plain(limitedCount(step.at, of))}: ${verdictOfStep(step)}${measured}`;
}
