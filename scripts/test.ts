/**
 * `npm test`: every `*.test.js` of the build, each file in a process of its own. `npm test -- protocols/ws` narrows it down by part of a
 * path; `npm test -- --quick` leaves out what takes minutes; `npm test -- --renew` writes down what files take. What the
 * files need from Debian is installed first, where that may be done.
 *
 * Files start the longest first, as many side by side as the cores have room for by what each took before. A file that
 * fails is run once more by itself at the end: what passes only then is flaky, and told.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './needs/install.ts';
import { namedIn } from './needs/named.ts';
import { isWanted, readArguments, type TestArguments } from './testing/arguments.ts';
import { closingOf, failedOf } from './testing/closing.ts';
import { readCosts, renewed, writeCosts } from './testing/costs.ts';
import type { FileOutcome } from './testing/outcome.ts';
import { runTestFile } from './testing/run-file.ts';
import { longestFirst, nextToStart, type Waiting } from './testing/schedule.ts';

const ENDING = '.test.js';
const dist = fileURLToPath(new URL('..', import.meta.url));
/** Kept with the sources, for a clone that has run nothing yet; and what this checkout has seen since. */
const KEPT_COSTS = fileURLToPath(new URL('../../scripts/testing/costs.json', import.meta.url));
const OWN_COSTS = join(dist, 'test-costs.json');

const wanted = readArguments(process.argv.slice(2));
process.exitCode = typeof wanted === 'string' ? refuse(wanted) : await test(wanted);

async function test(wanted: TestArguments): Promise<number> {
  const kept = readCosts(KEPT_COSTS);
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ENDING))
    .map((path) => path.slice(0, -ENDING.length))
    .filter((name) => isWanted(name, wanted, kept[name]));
  if (names.length === 0) return refuse(`no test file matches ${wanted.parts.join(' ')}`);
  const missing = await install(namedIn(names.map(pathOf)), say);
  if (missing) say(missing);
  const costs = readCosts(KEPT_COSTS, OWN_COSTS);
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-tests-'));
  try {
    const run = await runAll(
      names.map((name) => ({ name, cost: costs[name] })),
      scratch,
    );
    writeCosts(OWN_COSTS, renewed(costs, run.outcomes));
    if (wanted.renew) writeCosts(KEPT_COSTS, renewed(readCosts(KEPT_COSTS), run.outcomes));
    process.stdout.write(`\n${closingOf(run)}`);
    return failedOf(run).length === 0 ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runAll(files: readonly Waiting[], scratch: string): Promise<Parameters<typeof closingOf>[0]> {
  const cores = availableParallelism();
  const startedAtMs = performance.now();
  const sinceStart = (): number => (performance.now() - startedAtMs) / 1000;
  const start = (name: string): Promise<FileOutcome> =>
    runTestFile({ name, path: pathOf(name), scratch, startedAtSeconds: sinceStart() });
  const waiting = longestFirst(files);
  const running = new Map<Waiting, Promise<Waiting>>();
  const outcomes: FileOutcome[] = [];
  for (;;) {
    for (let next = nextToStart(waiting, [...running.keys()], cores); next; ) {
      const file = next;
      waiting.splice(waiting.indexOf(file), 1);
      running.set(
        file,
        start(file.name).then((outcome) => {
          outcomes.push(outcome);
          tell(outcome);
          return file;
        }),
      );
      next = nextToStart(waiting, [...running.keys()], cores);
    }
    if (running.size === 0) break;
    running.delete(await Promise.race(running.values()));
  }
  const again: FileOutcome[] = [];
  for (const { name } of outcomes.filter(({ passed }) => !passed)) {
    say(`once more, by itself: ${name}`);
    const outcome = await start(name);
    tell(outcome);
    again.push(outcome);
  }
  return { outcomes, again, wallSeconds: sinceStart(), cores };
}

/** One line for a file that passed, and all that it printed for one that didn't. */
function tell({ name, passed, counts, wallSeconds, output }: FileOutcome): void {
  const line = `${passed ? '✔' : '✖'} ${name} (${counts.tests} tests, ${wallSeconds.toFixed(1)} s)`;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  process.stdout.write(`${line}${skipped}\n${passed ? '' : output}`);
}

function refuse(sentence: string): number {
  say(sentence);
  return 2;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

function pathOf(name: string): string {
  return join(dist, `${name}${ENDING}`);
}
