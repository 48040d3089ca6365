import type { Command } from 'commander';
import { tryTargets } from '../client/trial/try-targets.ts';
import { RUN_OPTIONS } from '../config/run-options.ts';
import { checkRow, parseTryConfig, type TryConfig } from '../config/try-config.ts';
import { TRY_OPTIONS } from '../config/try-options.ts';
import { EXIT, exitCodeOf, formatError } from '../core/values/errors.ts';
import { addHiddenOptions, addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import { addPlanArguments, openingsOf, readConfigFile } from './plan-arguments.ts';
import { trialText } from './trial-text.ts';

/** Options of `connrig run` alone: a command line that was one of a run is told what is too much of it. */
const OF_RUNS = Object.fromEntries(
  Object.entries(RUN_OPTIONS).filter(([, { name }]) => !Object.values(TRY_OPTIONS).some((one) => one.name === name)),
);

/** Adds `connrig try`. What is said goes to stdout as it is said; what went wrong is told on stderr, and becomes the exit code. */
export function addTryCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('try')
    .description(
      'open one connection by the options of a run, and print what both sides say: before you open thousands',
    );
  addPlanArguments(command);
  addHiddenOptions(command, OF_RUNS);
  addOptions(command, TRY_OPTIONS).action(async () => {
    await tryAndTell(await readTrial(command, deps.env), deps);
  });
}

/** @throws RigError EUSAGE, ECONFIG */
async function readTrial(command: Command, env: CliDeps['env']): Promise<TryConfig> {
  const line = readLine(command, { ...OF_RUNS, ...TRY_OPTIONS }, env, Number.POSITIVE_INFINITY);
  const { config: file } = command.opts<{ config?: string }>();
  const config = parseTryConfig(line, file === undefined ? {} : readConfigFile(file, 'try'));
  const opened = { ...config, run: await openingsOf(config.run, file, env, 'try') };
  checkRow(opened);
  return opened;
}

async function tryAndTell(config: TryConfig, { stdout, stderr, onSignal, exit, setExitCode }: CliDeps): Promise<void> {
  const stopping = new AbortController();
  const forget = onSignal(() => {
    if (stopping.signal.aborted) exit(EXIT.interrupted);
    stopping.abort();
  });
  let hasHidden = false;
  let isFirst = true;
  try {
    const error = await tryTargets(config, {
      signal: stopping.signal,
      onLine(line) {
        if (line.type === 'outcome') hasHidden ||= line.hasHidden;
        if (config.json) {
          stdout.write(`${JSON.stringify(line)}\n`);
          return;
        }
        const text = trialText(line);
        if (text !== '') stdout.write(`${line.type === 'target' && !isFirst ? '\n' : ''}${text}\n`);
        isFirst = false;
      },
      warn: ({ text }) => stderr.write(`warning: ${text}\n`),
      onError: (one) => stderr.write(`${formatError(one)}\n`),
    });
    if (hasHidden && !config.json) stderr.write('*** is a secret; --show-secrets shows it\n');
    if (error) setExitCode(exitCodeOf(error));
  } finally {
    forget();
  }
}
