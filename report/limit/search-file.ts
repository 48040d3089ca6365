import { isDeepStrictEqual } from 'node:util';
import { FIND_LIMIT_FILE, FindLimit, type SearchQuestion } from '../../core/schemas/find-limit.ts';
import { RigError, usageError } from '../../core/values/errors.ts';
import { isThere, readWhole, Unreadable } from '../../files/read.ts';
import { MOST_FILE_BYTES } from '../fold/read-run.ts';
import { writeFileWhole } from '../outputs/write-whole.ts';
import { limitMarkdown, limitPage } from './outputs.ts';

/**
 * The search that was begun in a folder, to go on with it.
 *
 * @returns undefined where none was
 * @throws RigError EUSAGE where it asked for something else, ERUNFOLDER where it can't be read, EOUT where the folder is another's
 */
export function readSearch(folder: string, question: SearchQuestion): FindLimit | undefined {
  if (!isThere(folder, FIND_LIMIT_FILE)) {
    if (!['run.json', 'samples.jsonl'].some((name) => isThere(folder, name))) return undefined;
    throw new RigError('EOUT', `${folder} is the folder of a run`, { hint: '--out another folder' });
  }
  const search = parseSearch(folder);
  if (isDeepStrictEqual(search.question, question)) return search;
  throw usageError(
    [`${folder} holds a search for something else: ${search.question.command}`],
    `${question.command} --out runs/another`,
  );
}

function parseSearch(folder: string): FindLimit {
  try {
    return FindLimit.parse(JSON.parse(readWhole(folder, FIND_LIMIT_FILE, MOST_FILE_BYTES)));
  } catch (cause) {
    const why = cause instanceof Unreadable ? cause.message : 'is none that this version understands';
    throw new RigError('ERUNFOLDER', `${folder} has a ${FIND_LIMIT_FILE} that ${why}`, {
      hint: '--out another folder',
      cause,
    });
  }
}

/** @throws RigError EOUT */
export const writeSearch = (folder: string, search: FindLimit): void =>
  writeFileWhole(folder, FIND_LIMIT_FILE, `${JSON.stringify(search, null, 2)}\n`);

/**
 * `find-limit.md` and `find-limit.html`, beside `find-limit.json`.
 *
 * @throws RigError EOUT
 */
export function writeSearchReport(folder: string, search: FindLimit): void {
  writeSearch(folder, search);
  writeFileWhole(folder, 'find-limit.md', limitMarkdown(search));
  writeFileWhole(folder, 'find-limit.html', limitPage(search));
}
