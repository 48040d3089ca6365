import { lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

const WRITABLE_FOR_OTHERS = 0o022;

/** A folder that somebody else may put something into. */
export interface Foreign {
  readonly path: string;
  /** What follows its path in a sentence. */
  readonly why: string;
  /** What mends it. */
  readonly hint: string;
}

/**
 * Looks for a folder in which somebody else could put a program in place of ours.
 *
 * @param root the first folder that is looked at; it may be a link, those below may not
 * @param steps from there down; those that aren't there yet are nobody's
 * @param uid of this process; undefined where users have none
 */
export function foreignBelow(root: string, steps: readonly string[], uid = process.getuid?.()): Foreign | undefined {
  if (uid === undefined) return undefined;
  let path = root;
  for (const step of ['', ...steps]) {
    path = join(path, step);
    const stat = statOf(path, step === '');
    if (!stat) return undefined;
    if (stat.uid !== uid && stat.uid !== 0) {
      const hint = 'XDG_CACHE_HOME=<a folder of your own>';
      return { path, why: `belongs to another user (${stat.uid})`, hint };
    }
    if (step !== '' && !stat.isDirectory()) return { path, why: 'is no folder', hint: `rm ${path}` };
    if ((stat.mode & WRITABLE_FOR_OTHERS) !== 0) {
      return {
        path,
        why: 'may be written by other users',
        hint: `rm -r ${path}, if it isn't all yours; chmod go-w ${path}`,
      };
    }
  }
  return undefined;
}

/** Where a file stands in place of a folder, making folders below it tells. */
function statOf(path: string, follows: boolean): Stats | undefined {
  try {
    return follows ? statSync(path) : lstatSync(path);
  } catch {
    return undefined;
  }
}
