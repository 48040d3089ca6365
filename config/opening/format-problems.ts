import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with something that people wrote, a sentence each. @param where it stands */
export const problemsOf = ({ issues }: { readonly issues: readonly Issue[] }, where: string): string[] =>
  issues.map((issue) => {
    const { path, message } = deepest(issue, []);
    return `${where}${path.length === 0 ? '' : ` ${placeIn(path)}`}: ${message}`;
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
  if (best === undefined || best.depth <= path.length + 1)
    return { path, message: 'it has none of the shapes that it may have: docs/own-openings.md' };
  return best.first;
}

function wordsOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')} is not known here`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** `steps 2 send`, counted from 1 as people do. */
const placeIn = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? part + 1 : String(part))).join(' ');
