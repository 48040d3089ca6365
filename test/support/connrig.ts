import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runConnrig as runCommand } from '../../cli/connrig.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { type ErrorCode, EXIT } from '../../core/values/errors.ts';
import type { Phase } from '../../core/values/plan.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { summarize } from '../../report/fold/summarize.ts';
import { foldLeg } from '../../report/fold/summarize-leg.ts';
import { testDeps } from './cli-deps.ts';
import { eventually } from './wait.ts';

/** The built command line. */
export const ENTRY = fileURLToPath(new URL('../../bin/main.js', import.meta.url));
/** In the environment of a command and of all that it starts: how a test finds what is left of it. */
const MARK = 'CONNRIG_TEST_MARK';
/** For runs whose memory is not what is tested: a level isn't waited for to come to rest. */
export const HASTY = ['--settle-timeout', '0s'] as const;
/** For runs that only have to go through: one level, and no cost of a connection. */
export const ONE_LEVEL = ['--connections', '20', '--levels', '1', ...HASTY] as const;
/** Far beyond what anything here takes on a machine that is busy with other things. */
const DEADLINE_MS = 120_000;

export interface Ended {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `connrig` command that runs as a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it wrote so far. */
  stderr(): string;
  stdout(): string;
  /** The end, however it came; rejects when it doesn't come in time. */
  readonly ended: Promise<Ended>;
  /** Processes of this command that are there now: the command itself, and what it started. */
  processes(): number[];
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What to run instead of node with the built command line. */
  readonly program?: readonly string[];
  /** When a run is given up; two minutes unless said. */
  readonly deadlineMs?: number;
}

/** Starts `connrig ARGS`. It and everything it started are ended with the test, if anything of it is left by then. */
export function startConnrig(t: TestContext, args: readonly string[], options: StartOptions = {}): Started {
  const mark = `${MARK}=${randomUUID()}`;
  const [program = process.execPath, ...leading] = options.program ?? [process.execPath, ENTRY];
  const child = spawn(program, [...leading, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, [MARK]: mark.slice(MARK.length + 1) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const processes = (): number[] => markedProcesses(mark);
  t.after(() => {
    for (const pid of processes()) killIfThere(pid);
  });
  const ended = once(child, 'close', { signal: AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS) }).then(
    ([code]: (number | null)[]) => ({ code: code ?? null, ...said }),
    () => Promise.reject(new Error(`connrig ${args.join(' ')} did not end in time; it said:\n${said.stderr}`)),
  );
  // A test that awaits it sees the rejection; a test that failed before must not fail twice.
  ended.catch(() => {});
  return { child, pid: child.pid!, stderr: () => said.stderr, stdout: () => said.stdout, ended, processes };
}

/** The command below a limit of its shell's own (`ulimit -n 256`), whatever this machine's is. */
export const limited = (limit: string): StartOptions => ({
  program: ['/bin/sh', '-c', `${limit}; exec "$@"`, 'sh', process.execPath, ENTRY],
});

/** Runs `connrig ARGS` to its end, and makes sure that nothing it started is left. */
export async function connrig(t: TestContext, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const started = startConnrig(t, args, options);
  const ended = await started.ended;
  assert.deepEqual(started.processes(), [], 'nothing is left running');
  return ended;
}

/**
 * A command whose run goes through: a machine that is busy with other things may keep the client from its pace, which is
 * exit code 6; then once more. What its levels show is another matter.
 *
 * @param argsFor the whole of its arguments, for a run folder
 */
export async function undisturbed(
  t: TestContext,
  argsFor: (out: string) => string[],
): Promise<Ended & { readonly folder: string }> {
  for (let tries = 1; ; tries++) {
    const folder = newFolder(t);
    const ended = await connrig(t, argsFor(folder));
    if (ended.code !== EXIT.invalid || tries === 5) return { ...ended, folder };
  }
}

/**
 * Runs `connrig ARGS` in this process: the same parser and function as the command's, with streams of its own. For what
 * is over before anything is opened, or what a process of its own has no part in.
 */
export async function connrigHere(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const deps = testDeps({ ...process.env, ...env });
  await runCommand(args, deps);
  return { code: deps.exitCode() ?? EXIT.done, stdout: deps.out(), stderr: deps.err() };
}

/** A new folder that goes with the test, and a path in it where nothing is yet. */
export function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-e2e-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'run');
}

/** The command ended as documented: its exit code, one sentence with code and hint as its last words, no stack trace. */
export function assertFailed(ended: Ended, exitCode: number, code: ErrorCode, sentence = /./): void {
  const { stderr } = ended;
  assert.equal(ended.code, exitCode, stderr);
  assert.match(stderr.trimEnd().split('\n').at(-1)!, new RegExp(`^${code}: .+ — .+$`), stderr);
  assert.equal(stderr.match(/^E[A-Z]+: /gm)?.length, 1, `one error, not several:\n${stderr}`);
  assert.match(stderr, sentence);
  assertNoStack(stderr);
}

/**
 * The run went all the way. On a machine that is busy with other things it may have been late doing so, which makes it
 * invalid; that is not what most tests are about.
 */
export function assertWentThrough(ended: Ended): void {
  const { code, stderr } = ended;
  if (code === EXIT.invalid) assertFailed(ended, EXIT.invalid, 'EGENERATOR');
  else if (code === EXIT.inconclusive) assertFailed(ended, EXIT.inconclusive, 'EINCONCLUSIVE');
  else assert.equal(code, EXIT.done, stderr);
}

export function assertNoStack(text: string): void {
  assert.doesNotMatch(text, /^\s+at /m);
}

/**
 * What a run folder comes to, from its record alone. Where a run got to write its summary, that says the same.
 *
 * What `connrig report` makes of such a folder is this, written down; the command itself is tested where it is the point.
 */
export async function reportOn(_: TestContext, folder: string): Promise<Summary> {
  const summary = Summary.parse(JSON.parse(JSON.stringify(summarize(readRun(folder)))));
  const written = join(folder, 'summary.json');
  if (existsSync(written)) assert.deepEqual(Summary.parse(JSON.parse(readFileSync(written, 'utf8'))), summary);
  return summary;
}

/**
 * What the levels of each leg come to, however little they show of a cost: for tests of what is read. On a machine that is busy with
 * other things a report may call it inconclusive.
 */
export function foldedLegs(folder: string): LegSummary[] {
  const record = readRun(folder);
  return record.run.plan.legs.map((leg, index) => foldLeg(record, leg, index));
}

export const readRunJson = (folder: string): RunFile =>
  RunFile.parse(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')));

/** The lines so far; a line that is being written is left out. */
export const readSamples = (folder: string): Sample[] =>
  linesOf(join(folder, 'samples.jsonl'), (line) => Sample.parse(line));
export const readEvents = (folder: string): RunEvent[] =>
  linesOf(join(folder, 'events.jsonl'), (line) => RunEvent.parse(line));

export type PhaseEvent = Extract<RunEvent, { type: 'phase' }>;

/** Waits until a run enters a phase, of that level when one is given. */
export async function phaseOf(
  run: Started,
  folder: string,
  phase: Phase,
  level?: number,
  deadlineMs = DEADLINE_MS,
): Promise<PhaseEvent> {
  const isIt = (event: RunEvent): event is PhaseEvent =>
    event.type === 'phase' && event.phase === phase && (level === undefined || event.level === level);
  const what = `${phase} ${level ?? ''}`;
  let readBytes = 0;
  return eventually(
    () => {
      // Looked at often, and read where there is more of it.
      const { size = 0 } = statSync(join(folder, 'events.jsonl'), { throwIfNoEntry: false }) ?? {};
      if (size === readBytes && run.child.exitCode === null) return undefined;
      readBytes = size;
      if (run.child.exitCode !== null) throw new Error(`the run ended before ${what}:\n${run.stderr()}`);
      return readEvents(folder).find(isIt);
    },
    what,
    deadlineMs,
  );
}

/** What was read of a file before: it is looked at again and again while it grows. */
const readBefore = new Map<string, { readonly text: string; readonly lines: readonly unknown[] }>();

function linesOf<T>(path: string, parse: (line: unknown) => T): T[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const before = readBefore.get(path);
  const known = before && whole.startsWith(before.text) ? before : { text: '', lines: [] };
  const more = whole.slice(known.text.length).split('\n').slice(0, -1);
  const lines = [...(known.lines as T[]), ...more.map((line) => parse(JSON.parse(line)))];
  readBefore.set(path, { text: whole, lines });
  return [...lines];
}

/** A zombie has no environment any more, so only what runs is found. */
function markedProcesses(mark: string): number[] {
  const isMarked = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isMarked(name))
    .map(Number);
}

export function killIfThere(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
