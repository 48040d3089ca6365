import { join } from 'node:path';
import { type RunIndex, readIndex } from '../fold/run-index.ts';
import { indexPage } from './index-page.ts';
import { writeFileWhole } from './write-whole.ts';

/**
 * Makes `index.html` of a folder of runs.
 *
 * @returns what it is made of, and where it is
 * @throws RigError EOUT when it can't be written
 */
export function writeIndex(path: string, connrigVersion: string): { index: RunIndex; file: string } {
  const index = readIndex(path);
  writeFileWhole(path, 'index.html', indexPage(index, connrigVersion));
  return { index, file: join(path, 'index.html') };
}
