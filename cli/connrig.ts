import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf, formatError, RigError } from '../core/values/errors.ts';
import { systemError } from '../core/values/system-errors.ts';
import type { CliDeps } from './deps.ts';

/** Adds one subcommand to the program. */
type AddCommand = (program: Command, deps: CliDeps) => void;

/** In the order of the help. Each is loaded when it is wanted: what a command does not need costs it neither time nor memory. */
const SUBCOMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['run', async () => (await import('./run.ts')).addRunCommand],
  ['find-limit', async () => (await import('./find-limit.ts')).addFindLimitCommand],
  ['try', async () => (await import('./try.ts')).addTryCommand],
  ['serve', async () => (await import('./serve.ts')).addServeCommand],
  ['meter', async () => (await import('./meter.ts')).addMeterCommand],
  ['worker', async () => (await import('./worker.ts')).addWorkerCommand],
  ['report', async () => (await import('./report.ts')).addReportCommand],
  ['compare', async () => (await import('./compare.ts')).addCompareCommand],
  ['variants', async () => (await import('./variants.ts')).addVariantsCommand],
  ['live', async () => (await import('./live.ts')).addLiveCommand],
  ['targets', async () => (await import('./targets.ts')).addTargetsCommand],
  ['dialects', async () => (await import('./dialects.ts')).addDialectsCommand],
  ['schema', async () => (await import('./schema.ts')).addSchemaCommand],
  ['doctor', async () => (await import('./doctor.ts')).addDoctorCommand],
]);

const VERSION_FLAGS = ['-V', '--version'];

/** Runs one command line, whatever comes of it: errors are printed, the exit code is set, nothing is thrown. */
export async function runConnrig(args: readonly string[], deps: CliDeps): Promise<void> {
  const program = new Command('connrig')
    .description('How many connections fit, what does one more cost in RAM, and what breaks first?')
    .version(deps.version)
    .configureOutput({
      writeOut: (text) => deps.stdout.write(text),
      writeErr: (text) => deps.stderr.write(text),
      // Printed below, in the same form as all other errors.
      outputError: () => {},
    })
    .exitOverride();
  for (const add of await subcommandsFor(args)) add(program, deps);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? asUsageError(thrown) : (systemError(thrown) ?? thrown);
    if (error === undefined) return;
    deps.stderr.write(`${formatError(error)}\n`);
    if (deps.env['CONNRIG_DEBUG'] && error instanceof Error) deps.stderr.write(`${error.stack}\n`);
    deps.setExitCode(exitCodeOf(error));
  }
}

/** The one that is named; all of them where none is, for the help and for a guess at what was meant. */
async function subcommandsFor([first = '']: readonly string[]): Promise<AddCommand[]> {
  if (VERSION_FLAGS.includes(first)) return [];
  const named = SUBCOMMANDS.get(first);
  return named ? [await named()] : loadSubcommands();
}

/** All of them. */
export const loadSubcommands = (): Promise<AddCommand[]> =>
  Promise.all([...SUBCOMMANDS.values()].map((load) => load()));

/** Commander also throws after printing help or the version; that is no error. */
function asUsageError(error: CommanderError): RigError | undefined {
  if (error.exitCode === EXIT.done) return undefined;
  // Commander puts its guess ("Did you mean run?") on a line of its own.
  const sentence = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  if (error.code === 'commander.help') return new RigError('EUSAGE', 'no command was given', { hint: 'connrig run' });
  return new RigError('EUSAGE', sentence, { hint: 'connrig --help' });
}
