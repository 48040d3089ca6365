import type { FileCost } from './outcome.ts';

/** What `npm test` was asked for. */
export interface TestArguments {
  /** Parts of paths; none: every file. */
  readonly parts: readonly string[];
  /** Without what takes long: for daily work. */
  readonly quick: boolean;
  /** Write what files took into the table that is kept with the sources. */
  readonly renew: boolean;
}

/** Servers of others, known answers, targets, dashboards, and other versions of Node.js: what takes minutes. */
const SLOW = ['test/strangers/', 'test/known-answer/', 'test/targets/', 'test/dashboards/', 'test/newer-nodes/node'];
/** Those of other files that take more of the processor than this: all the rest takes two minutes. */
const QUICK_MOST_SECONDS = 6;

/** @returns what is wrong, where something is */
export function readArguments(words: readonly string[]): TestArguments | string {
  const flags = words.filter((word) => word.startsWith('-'));
  const unknown = flags.find((flag) => !['--quick', '--renew'].includes(flag));
  if (unknown !== undefined) return `${unknown} is not an option of npm test: --quick, --renew, or parts of paths`;
  return {
    parts: words.filter((word) => !word.startsWith('-')),
    quick: flags.includes('--quick'),
    renew: flags.includes('--renew'),
  };
}

/**
 * @param name of a test file below the build: `core/values/units`
 * @param cost as it stands in the table that is kept with the sources
 */
export function isWanted(name: string, { parts, quick }: TestArguments, cost: FileCost | undefined): boolean {
  if (quick && SLOW.some((folder) => name.startsWith(folder))) return false;
  if (quick && cost && cost.cpuSeconds > QUICK_MOST_SECONDS) return false;
  return parts.length === 0 || parts.some((part) => `${name}.test.js`.includes(part));
}
