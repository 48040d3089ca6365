import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOUSE_CHECKS, type HouseCheck } from './checks.ts';
import type { Problem } from './problem.ts';
import { REPOSITORY } from './repository.ts';

/** How many problems of a check a file may still have: what was there before the check. It only ever shrinks. */
export type Exceptions = Readonly<Partial<Record<HouseCheck, Readonly<Record<string, number>>>>>;

export const EXCEPTIONS_FILE = 'scripts/checks/exceptions.json';
const WHOLE_PATH = join(REPOSITORY, EXCEPTIONS_FILE);

export const readExceptions = (): Exceptions => JSON.parse(readFileSync(WHOLE_PATH, 'utf8')) as Exceptions;

/** Writes down what is found today as what may be there. */
export function writeExceptions(found: Readonly<Record<HouseCheck, readonly Problem[]>>): void {
  const counted = checkNames().map((check) => [check, countByFile(found[check])] as const);
  const exceptions = Object.fromEntries(counted.filter(([, files]) => Object.keys(files).length > 0));
  writeFileSync(WHOLE_PATH, `${JSON.stringify(exceptions, null, 2)}\n`);
}

/** What isn't excepted: problems in files that have more than they may, and exceptions that are larger than they need to be. */
export function withoutExceptions(check: HouseCheck, found: readonly Problem[], exceptions: Exceptions): Problem[] {
  const allowed = exceptions[check] ?? {};
  const counts = countByFile(found);
  const tooMany = found.filter(({ path }) => counts[path]! > (allowed[path] ?? 0));
  const tooLarge = Object.entries(allowed).filter(([path, count]) => (counts[path] ?? 0) < count);
  return [
    ...tooMany,
    ...tooLarge.map(([path, count]) => ({
      path: EXCEPTIONS_FILE,
      line: 1,
      sentence: `${check} allows ${path} ${count} problems, and it has ${counts[path] ?? 0}. Run: npm run house -- --renew`,
    })),
  ];
}

export const checkNames = (): HouseCheck[] => Object.keys(HOUSE_CHECKS) as HouseCheck[];

function countByFile(problems: readonly Problem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path } of problems) counts[path] = (counts[path] ?? 0) + 1;
  return counts;
}
