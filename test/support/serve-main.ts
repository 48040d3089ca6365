/** `connrig serve` alone as a program, for tests that need it as a real process. */
import { Command } from 'commander';
import type { CliDeps } from '../../cli/deps.ts';
import { addServeCommand } from '../../cli/serve.ts';
import { describeError, exitCodeOf } from '../../core/errors.ts';

const deps: CliDeps = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onSignal(handler) {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) process.on(signal, handler);
    return () => {
      for (const signal of signals) process.removeListener(signal, handler);
    };
  },
  exit: (code) => process.exit(code),
  setExitCode: (code) => {
    process.exitCode = code;
  },
  self: [],
  version: 'test',
};
const program = new Command('connrig');
addServeCommand(program, deps);
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
