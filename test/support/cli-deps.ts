import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CliDeps } from '../../cli/deps.ts';

/** What a command needs, inside a test: streams that keep what is written, signals that are sent by hand. */
export interface TestDeps extends CliDeps {
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
  readonly signal: (signal: 'SIGINT' | 'SIGTERM') => void;
}

export function testDeps(env: CliDeps['env'] = {}): TestDeps {
  const kept = { out: '', err: '' };
  const keep = (which: keyof typeof kept): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        kept[which] += String(chunk);
        done();
      },
    });
  const handlers = new Set<Parameters<CliDeps['onSignal']>[0]>();
  let exitCode: number | undefined;
  return {
    stdin: Readable.from([]),
    stdout: keep('out'),
    stderr: keep('err'),
    env,
    version: '0.0.0-test',
    self: [process.execPath, fileURLToPath(new URL('../../bin/main.js', import.meta.url))],
    onSignal(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    exit(code) {
      exitCode = code;
    },
    setExitCode(code) {
      exitCode = code;
    },
    out: () => kept.out,
    err: () => kept.err,
    exitCode: () => exitCode,
    signal(signal) {
      for (const handler of handlers) handler(signal);
    },
  };
}
