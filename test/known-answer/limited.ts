import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type MadeCgroup, makeCgroup } from '../../memory/cgroup-make.ts';
import { Missing } from '../../memory/meter.ts';

let made = 0;
/** Skips the test, with the reason, where no cgroup can be made. The limit is on memory and swap together. */
export async function limitedCgroup(t: TestContext, limitBytes: number): Promise<MadeCgroup | undefined> {
  try {
    const cgroup = await makeCgroup(`connrig-limited-${process.pid}-${made++}`);
    t.after(() => cgroup.remove());
    // v1; v2 where that isn't there.
    const isSet = trySet(cgroup, 'memory.limit_in_bytes', limitBytes) || trySet(cgroup, 'memory.max', limitBytes);
    if (!trySet(cgroup, 'memory.memsw.limit_in_bytes', limitBytes)) trySet(cgroup, 'memory.swap.max', 0);
    if (isSet) return cgroup;
    t.skip('no limit can be set here');
  } catch (error) {
    assert.ok(error instanceof Missing, String(error));
    t.skip(error.message);
  }
  return undefined;
}

function trySet({ folder }: MadeCgroup, file: string, bytes: number): boolean {
  try {
    writeFileSync(join(folder, file), String(bytes), { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}

/** As a container's runtime does it: into the cgroup first, then the server. */
export const insideCgroup = ({ procsFile }: MadeCgroup, ...words: ReadonlyArray<string | number>): string =>
  `echo $$ > ${procsFile} && exec ${words.join(' ')}`;
