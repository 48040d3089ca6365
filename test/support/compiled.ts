import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandOf } from './needs.ts';

/** A file below `test/`; compilation leaves all but TypeScript where it is. */
export const sourceOf = (path: string): string => fileURLToPath(new URL(`../../../test/${path}`, import.meta.url));

/**
 * @param path of a program in C below `test/`, without its ending
 * @returns where the program made from it is, until the test ends
 */
export function compiled(t: TestContext, path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-c-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, basename(path));
  execFileSync(commandOf('gcc'), ['-O1', '-o', program, sourceOf(`${path}.c`)]);
  return program;
}
