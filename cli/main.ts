#!/usr/bin/env node
/** The `connrig` command. The only place where process globals are touched; everything below gets them as `deps`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isHangupIgnored } from './hangup.ts';
import { lackOfFiles } from './own-limits.ts';

// All else is loaded only then: its code alone is more files than some limits allow to be open.
const lack = lackOfFiles();
if (lack !== undefined) {
  process.stderr.write(lack);
  process.exit(3);
}
const [{ runConnrig }, { formatError, exitCodeOf }, { systemError }] = await Promise.all([
  import('./connrig.ts'),
  import('../core/values/errors.ts'),
  import('../core/values/system-errors.ts'),
]);

// Whatever nobody waits for any more, or that nobody thought of: in a sentence, like all that goes wrong.
process.on('uncaughtException', (thrown) => {
  const error = systemError(thrown) ?? thrown;
  const stack = process.env['CONNRIG_DEBUG'] && thrown instanceof Error ? `${thrown.stack}\n` : '';
  process.stderr.write(`${formatError(error)}\n${stack}`);
  process.exit(exitCodeOf(error));
});

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

// A reader that has gone away (`connrig run 2>&1 | head`), be it a terminal (EIO), is no reason to give up a run, nor for a
// stack trace. Progress may not be shown for a full disk or, with so many sockets, for want of memory: that is none either.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
});
process.stderr.on('error', () => {});

// The end of a terminal is a reason to end in order, or, below nohup, none at all.
const ignoresHangup = isHangupIgnored(process.ppid);
if (ignoresHangup) process.on('SIGHUP', () => {});

await runConnrig(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  version,
  self: [process.execPath, fileURLToPath(import.meta.url)],
  onSignal(handler) {
    const signals = ['SIGINT', 'SIGTERM', ...(ignoresHangup ? [] : (['SIGHUP'] as const))] as const;
    // For good: what a terminal sends once more while everything is being closed must not cut that short.
    process.on('SIGHUP', () => {});
    let isAsked = false;
    const stops = signals.map((signal) => {
      const listener = (): void => {
        // A terminal that goes away says so twice, by the kernel and by its shell; that is nobody's second thought.
        if (signal === 'SIGHUP' && isAsked) return;
        isAsked = true;
        handler(signal);
      };
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
    return () => {
      for (const stop of stops) stop();
    };
  },
  exit: (code) => process.exit(code),
  setExitCode(code) {
    process.exitCode = code;
  },
});
