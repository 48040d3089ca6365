import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileOutcome, NO_COUNTS, type TestCounts } from './outcome.ts';

const ACCOUNT = new URL('./account.js', import.meta.url).href;
const REPORTER = fileURLToPath(new URL('./counts-reporter.js', import.meta.url));

export interface FilePlace {
  readonly name: string;
  readonly path: string;
  /** For what is told about it; there until the runner ends. */
  readonly scratch: string;
  readonly startedAtSeconds: number;
}

/** Runs one test file in a process of its own, to its end. */
export async function runTestFile({ name, path, scratch, startedAtSeconds }: FilePlace): Promise<FileOutcome> {
  const startedAtMs = performance.now();
  const notes = join(scratch, name.replaceAll('/', '.'));
  const [account, counted] = [`${notes}.cpu`, `${notes}.counts`];
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${REPORTER}`, `--test-reporter-destination=${counted}`],
  ];
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', ACCOUNT, ...reporters, path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CONNRIG_TEST_ACCOUNT: account },
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => output.push(piece));
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const counts = countsIn(counted);
  // A file without a test has tested nothing, whatever its exit code says.
  const passed = code === 0 && counts.tests > 0;
  if (signal !== null) output.push(Buffer.from(`the process of this file was ended by ${signal}\n`));
  return {
    name,
    passed,
    counts,
    output: Buffer.concat(output).toString('utf8'),
    startedAtSeconds,
    wallSeconds: (performance.now() - startedAtMs) / 1000,
    cpuSeconds: Number(textIn(account) ?? 0),
  };
}

function countsIn(path: string): TestCounts {
  try {
    return { ...NO_COUNTS, ...(JSON.parse(textIn(path) ?? '') as Partial<TestCounts>) };
  } catch {
    return NO_COUNTS;
  }
}

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
