import { find } from '../../scripts/needs/find.ts';
import { installLine, type NeedName } from '../../scripts/needs/packages.ts';

/**
 * For `skip` of tests that run a command of somebody else's. The commands' names have to be written out. The test runner
 * looks for calls of this in the files that it is about to run, and installs what they name where it may.
 *
 * @returns false when all are there; else, for people, why the test is skipped
 * @throws Error in CI, where nothing may be skipped unseen
 */
export function needs(...names: readonly NeedName[]): string | false {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length === 0) return false;
  const sentence = `needs ${missing.join(', ')}: ${installLine(missing)}`;
  if (isCi(process.env['CI'])) throw new Error(sentence);
  return sentence;
}

export const isCi = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false'].includes(value);

/** Where a command lies that a test needs. */
export function commandOf(name: NeedName): string {
  const path = find(name);
  if (path === undefined) throw new Error(`${name} is not installed: ${installLine([name])}`);
  return path;
}
