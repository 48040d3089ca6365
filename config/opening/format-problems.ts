import type { z } from 'zod';
import { findNearest } from '../nearest.ts';

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with something that people wrote, a sentence each.
 *
 * @param where it stands
 * @param names that it may have at its top
 */
export const problemsOf = (
  { issues }: { readonly issues: readonly Issue[] },
  where: string,
  names: readonly string[] = [],
): string[] =>
  issues.map((issue) => {
    const { path, message } = deepest(issue, []);
    const [key = ''] = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const meant = path.length === 0 ? findNearest(key, names) : undefined;
    const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return `${where}${path.length === 0 ? '' : ` ${placeIn(path)}`}: ${message}${guess}`;
  });

interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Where several shapes would do, the one that it comes nearest to says what is wrong. */
function deepest(issue: Issue, before: readonly PropertyKey[]): Found {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union') return { path, message: wordsOf(issue) };
  const branches = issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => branch.map((one) => deepest(one, path)))
    .map((found) => ({
      first: found[0]!,
      depth: Math.max(...found.map((one) => one.path.length)),
      count: found.length,
    }));
  const [best] = branches.sort((a, b) => b.depth - a.depth || a.count - b.count);
  if (best !== undefined && best.depth > path.length + 1) return best.first;
  const found = valueAmiss(issue.errors, path);
  if (found !== undefined) return found;
  const unknown = unknownKeys(issue.errors);
  const what = unknown.length === 0 ? 'it has none of the shapes that it may have' : wordsOfUnknown(unknown);
  return { path, message: `${what}: docs/own-openings.md` };
}

type Branches = ReadonlyArray<readonly Issue[]>;

/** The shape that has all names which were written, and one value that is amiss. */
function valueAmiss(branches: Branches, path: readonly PropertyKey[]): Found | undefined {
  const fitting = branches.filter(([first, ...others]) => others.length === 0 && first && first.path.length > 0);
  return fitting.length === 1 ? deepest(fitting[0]![0]!, path) : undefined;
}

/** Names that no shape has. */
function unknownKeys(branches: Branches): string[] {
  const [first = [], ...others] = branches.flatMap((branch) =>
    branch.flatMap((one) => (one.code === 'unrecognized_keys' && one.path.length === 0 ? [one.keys] : [])),
  );
  return first.filter((key) => others.every((keys) => keys.includes(key)));
}

const wordsOfUnknown = (keys: readonly string[]): string => `${keys.join(', ')} is not known here`;

function wordsOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return wordsOfUnknown(issue.keys);
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** `steps 2 send`, counted from 1 as people do. */
const placeIn = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? part + 1 : String(part))).join(' ');
