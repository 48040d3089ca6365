#!/usr/bin/env node
/** The `connrig` command. The only place where process globals are touched; everything below gets them as `deps`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connrig } from './connrig.ts';

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

// A reader that has gone away (`connrig run 2>&1 | head`) is no reason to give up a run, nor for a stack trace. Nor is
// progress that can't be shown, for a full disk or, with so many sockets, for want of memory.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.stderr.on('error', () => {});

await connrig(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  version,
  self: [process.execPath, fileURLToPath(import.meta.url)],
  onSignal(handler) {
    const onInterrupt = (): void => handler('SIGINT');
    const onTerminate = (): void => handler('SIGTERM');
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
    return () => process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
  },
  exit: (code) => process.exit(code),
  setExitCode(code) {
    process.exitCode = code;
  },
});
