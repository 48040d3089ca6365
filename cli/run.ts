import { appendFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { outlinePlan } from '../client/plan-outline.ts';
import { run } from '../client/run.ts';
import type { RunConfig } from '../config/run-config.ts';
import { RUN_OPTIONS } from '../config/run-options.ts';
import type { Summary } from '../core/schemas/summary.ts';
import { EXIT, RigError } from '../core/values/errors.ts';
import { hintFor } from '../core/values/shell.ts';
import { humanBytes } from '../core/values/units.ts';
import { addOptions } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import { loadEvidence } from './evidence.ts';
import { liveLine, silentLine } from './live-line.ts';
import { lackOfAddresses, lackOfThreads } from './own-limits.ts';
import { addPlanArguments, readPlan } from './plan-arguments.ts';
import type { ServedRun } from './served-run.ts';

/**
 * Adds `connrig run`. Problems before the run are thrown; the result goes to stdout. How the run itself ended is
 * told on stderr and in its folder, and becomes the exit code.
 */
export function addRunCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('run')
    .description('open connections level by level and say what one more costs; with no URL, against our own server');
  addPlanArguments(command);
  addOptions(command, RUN_OPTIONS).action(async () => {
    const config = await readPlan(command, RUN_OPTIONS, deps.env);
    if (config.dryRun)
      return (await import('./doctor.ts')).tellWhetherItFits(config, deps, outlinePlan(config, new Date()));
    refuseSmallLimits();
    await runAndReport(config, deps);
  });
}

/** @throws RigError EMEMORY */
function refuseSmallLimits(): void {
  const threads = lackOfThreads();
  if (threads) {
    const { needed, most } = threads;
    throw new RigError('EMEMORY', `a run needs ${needed} threads and processes; the limit of this user is ${most}`, {
      hint: 'ulimit -u unlimited',
    });
  }
  const lack = lackOfAddresses();
  if (!lack) return;
  const [needed, most] = [lack.neededBytes, lack.mostBytes].map(humanBytes);
  throw new RigError('EMEMORY', `a run needs ${needed} of address space for its threads; the limit is ${most}`, {
    hint: 'ulimit -v unlimited',
  });
}

async function runAndReport(config: RunConfig, deps: CliDeps): Promise<void> {
  const line = config.quiet ? silentLine : liveLine(deps.stderr, deps.env);
  const stopping = new AbortController();
  const leaving = new AbortController();
  let isOver = false;
  const forget = deps.onSignal(() => {
    if (isOver) return leaving.abort();
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    line.note('stopping: closing connections and writing the report; once more to end at once');
    stopping.abort();
  });
  const { self, version } = deps;
  let served: readonly ServedRun[] = [];
  try {
    served = await serveRun(config, version);
    // A user who asked for any free port can't find it otherwise, quiet or not.
    for (const { where, warning } of served) deps.stderr.write(`${warning}${where}\n`);
    const evidence = await loadEvidence(config);
    const startedAt = new Date();
    const { folder, error } = await run(config, {
      self,
      version,
      env: deps.env,
      signal: stopping.signal,
      ...evidence,
      wallClock: () => new Date(),
      onProgress(progress) {
        line.show(progress);
        for (const one of served) one.onProgress(progress);
      },
      onNotice: line.note,
      observers: served.map(({ observer }) => observer),
    });
    line.end();
    // Only now: what draws charts is no part of the client that is measured.
    const [{ junitReport }, { shortSummary }, { terminalTable }, { writeReport }] = await Promise.all([
      import('../report/outputs/junit.ts'),
      import('../report/outputs/markdown.ts'),
      import('../report/outputs/terminal.ts'),
      import('../report/outputs/write-report.ts'),
    ]);
    const summary = writeReport(folder, (made) => {
      tellResult(made, terminalTable(made), folder, config, deps);
      const { summaryFile, junitFile } = config;
      if (summaryFile !== undefined) {
        // A heading begins a line, whatever others left there.
        const append = (): void => appendFileSync(summaryFile, `\n${shortSummary(made)}`);
        tryToWrite(append, `the summary could not be appended to ${summaryFile}`, 'report.md', deps);
      }
      if (junitFile !== undefined) {
        const junit = junitReport(made, startedAt, Date.now() - startedAt.getTime());
        const whatFailed = `JUnit XML could not be written to ${junitFile}`;
        tryToWrite(() => writeFileSync(junitFile, junit), whatFailed, 'summary.json', deps);
      }
    });
    for (const one of served) one.finished(summary);
    isOver = true;
    const stays = config.lingerMs > 0 && !stopping.signal.aborted;
    // An error has the last word.
    for (const one of stays ? served : []) {
      const text = one.untilWhen(config.lingerMs);
      if (text !== undefined) deps.stderr.write(`${text}\n`);
    }
    if (summary.error) {
      const { code, message, hint } = summary.error;
      deps.stderr.write(`${code}: ${message} — ${hintFor(hint, folder)}\n`);
    }
    if (error instanceof Error && !(error instanceof RigError) && deps.env['CONNRIG_DEBUG']) throw error;
    deps.setExitCode(summary.exitCode);
    if (stays) await Promise.all(served.map((one) => one.linger(config.lingerMs, leaving.signal)));
  } finally {
    line.end();
    await Promise.all(served.map((one) => one.close()));
    forget();
  }
}

/**
 * Whatever of it was asked for.
 *
 * @throws RigError ELISTEN; nothing is served then
 */
async function serveRun(config: RunConfig, version: string): Promise<readonly ServedRun[]> {
  const served: ServedRun[] = [];
  try {
    if (config.metrics) {
      const { serveRunMetrics } = await import('./run-metrics.ts');
      served.push(await serveRunMetrics(config.metrics, config, version));
    }
    if (config.live) {
      const { serveRunPage } = await import('./run-page.ts');
      served.push(await serveRunPage(config.live, config));
    }
    return served;
  } catch (error) {
    await Promise.all(served.map((one) => one.close()));
    throw error;
  }
}

/** What the run came to is known and kept by then: a file that can't be written is told, and changes no exit code. */
function tryToWrite(write: () => void, whatFailed: string, whereElse: string, { stderr }: CliDeps): void {
  try {
    write();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    stderr.write(`warning: ${whatFailed} (${why}); ${whereElse} has all of it\n`);
  }
}

/**
 * The result goes to stdout, where --json has its place if it is asked for: then people read it on stderr. What is on stderr beside
 * it, --quiet leaves out.
 */
function tellResult(
  summary: Summary,
  table: string,
  folder: string,
  { json, quiet }: RunConfig,
  { stdout, stderr }: CliDeps,
): void {
  if (json) stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  if (!json) stdout.write(table);
  else if (!quiet) stderr.write(`\n${table}`);
  if (!quiet) stderr.write(`\n${folder}\n`);
}
