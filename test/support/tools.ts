import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * A program that says only what version it is.
 *
 * @param says printed on stderr, as some do; nothing: it fails
 * @param below folders between the one that is made and the program
 * @returns the folder that was made, which goes with the test
 */
export function makeTool(t: TestContext, name: string, says: string, below = '.'): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-tool-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, below), { recursive: true });
  const script = says === '' ? 'exit 1' : `echo '${says}' >&2`;
  writeFileSync(join(folder, below, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}
