import { Command, CommanderError } from 'commander';
import { describeError, EXIT, exitCodeOf, RigError } from '../core/errors.ts';
import { systemError } from '../core/system-errors.ts';
import { addCompareCommand } from './compare.ts';
import type { CliDeps } from './deps.ts';
import { addDoctorCommand } from './doctor.ts';
import { addLiveCommand } from './live.ts';
import { addMeterCommand } from './meter.ts';
import { addReportCommand } from './report.ts';
import { addRunCommand } from './run.ts';
import { addServeCommand } from './serve.ts';
import { addTargetsCommand } from './targets.ts';

/** Runs one command line, whatever comes of it: errors are printed, the exit code is set, nothing is thrown. */
export async function connrig(args: readonly string[], deps: CliDeps): Promise<void> {
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
  addRunCommand(program, deps);
  addServeCommand(program, deps);
  addMeterCommand(program, deps);
  addReportCommand(program, deps);
  addCompareCommand(program, deps);
  addLiveCommand(program, deps);
  addTargetsCommand(program, deps);
  addDoctorCommand(program, deps);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? asUsageError(thrown) : (systemError(thrown) ?? thrown);
    if (error === undefined) return;
    deps.stderr.write(`${describeError(error)}\n`);
    if (deps.env['CONNRIG_DEBUG'] && error instanceof Error) deps.stderr.write(`${error.stack}\n`);
    deps.setExitCode(exitCodeOf(error));
  }
}

/** Commander also throws after printing help or the version; that is no error. */
function asUsageError(error: CommanderError): RigError | undefined {
  if (error.exitCode === EXIT.done) return undefined;
  // Commander puts its guess ("Did you mean run?") on a line of its own.
  const sentence = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  if (error.code === 'commander.help') return new RigError('EUSAGE', 'no command was given', { hint: 'connrig run' });
  return new RigError('EUSAGE', sentence, { hint: 'connrig --help' });
}
