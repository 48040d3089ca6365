import { type FileOutcome, sumOfCounts } from './outcome.ts';

const SLOWEST = 10;

export interface Run {
  readonly outcomes: readonly FileOutcome[];
  /** Second runs of the files that failed, each by itself. */
  readonly again: readonly FileOutcome[];
  readonly wallSeconds: number;
  readonly cores: number;
}

export const flakyOf = ({ again }: Run): FileOutcome[] => again.filter(({ passed }) => passed);
export const failedOf = ({ again }: Run): FileOutcome[] => again.filter(({ passed }) => !passed);

/** The last words of a run of tests: what took long, what waited for what, what is flaky, what failed, and the counts. */
export function closingOf(run: Run): string {
  const { outcomes, again, wallSeconds, cores } = run;
  const cpuSeconds = [...outcomes, ...again].reduce((sum, one) => sum + one.cpuSeconds, 0);
  const slowest = outcomes.toSorted((a, b) => b.wallSeconds - a.wallSeconds).slice(0, SLOWEST);
  const busy = Math.round((100 * cpuSeconds) / Math.max(0.001, wallSeconds * cores));
  const last = outcomes.reduce<FileOutcome | undefined>((a, b) => (a && endOf(a) > endOf(b) ? a : b), undefined);
  const lines = [
    'The slowest files, in seconds (of processor time; begun at):',
    ...slowest.map(
      (one) =>
        `  ${seconds(one.wallSeconds)}  (${seconds(one.cpuSeconds)}; ${seconds(one.startedAtSeconds)})  ${one.name}`,
    ),
    '',
    `${outcomes.length} files took ${seconds(wallSeconds).trim()} s and ${seconds(cpuSeconds).trim()} s of processor time: ${busy} % of ${cores} cores.`,
    ...(last ? [waitedFor(last, outcomes)] : []),
    ...named('Flaky, which means failed at first and passed by itself: mend these files', flakyOf(run)),
    ...named('Failed twice', failedOf(run)),
  ];
  return `${lines.join('\n')}\n${countsLine(run)}\n`;
}

/** The last file, and how long it had the machine to itself: with that time over, the run would have ended. */
function waitedFor(last: FileOutcome, outcomes: readonly FileOutcome[]): string {
  const others = outcomes.filter((one) => one !== last).map(endOf);
  const aloneSeconds = Math.max(0, endOf(last) - Math.max(last.startedAtSeconds, ...others));
  return `The last to end was ${last.name}, ${seconds(aloneSeconds).trim()} s after all others.`;
}

/** A test of a file that passed the second time counts as passed. */
function countsLine({ outcomes, again }: Run): string {
  const repeated = new Set(again.map(({ name }) => name));
  const { pass, fail, cancelled, skipped } = sumOfCounts(
    [...outcomes.filter(({ name }) => !repeated.has(name)), ...again].map(({ counts }) => counts),
  );
  // A file may fail without a test that does: it broke before, or after, its tests.
  const silent = again.filter(({ passed, counts }) => !passed && counts.fail + counts.cancelled === 0).length;
  return `${pass} passed, ${fail + cancelled + silent} failed, ${skipped} skipped`;
}

const named = (heading: string, files: readonly FileOutcome[]): string[] =>
  files.length === 0 ? [] : ['', `${heading}:`, ...files.map(({ name }) => `  ${name}`)];

const endOf = ({ startedAtSeconds, wallSeconds }: FileOutcome): number => startedAtSeconds + wallSeconds;
const seconds = (value: number): string => value.toFixed(1).padStart(6);
