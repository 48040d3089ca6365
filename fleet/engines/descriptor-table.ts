import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { devNull } from 'node:os';
import { CLONE_FILES, type Libc, SIG_BLOCK } from './libc.ts';

const OWN_DESCRIPTORS = '/proc/thread-self/fd';
/** A signal set with every signal in it; larger than any libc's. */
const ALL_SIGNALS = new Uint8Array(128).fill(0xff);

/**
 * Gives the calling thread a descriptor table of its own, so that the limit for a process applies to this thread alone.
 * It needs no privilege.
 *
 * What was open before is in both tables. Sockets and files are let go here, or they would stay open when the rest of the
 * process closes them (a child's stdin would never end). What event loops wake each other with is kept, since threads still
 * message each other. Their numbers stay taken: whoever knows one, such as V8 writing its log from any thread, must not
 * find a connection there. Signals are left to the other threads: their handlers write to descriptors of the other table.
 *
 * @throws when the system refuses
 */
export function ownDescriptorTable(libc: Libc): void {
  libc.sigmask(SIG_BLOCK, ALL_SIGNALS, null);
  if (libc.unshare(CLONE_FILES) < 0) throw new Error(`unshare(CLONE_FILES): ${libc.errorName()}`);
  const nowhere = openSync(devNull, 'r+');
  for (const name of readdirSync(OWN_DESCRIPTORS)) {
    const fd = Number(name);
    if (fd > 2 && fd !== nowhere && isForeign(name)) libc.dup2(nowhere, fd);
  }
  closeSync(nowhere);
}

function isForeign(name: string): boolean {
  try {
    const what = readlinkSync(`${OWN_DESCRIPTORS}/${name}`);
    return what.startsWith('socket:') || what.startsWith('/');
  } catch {
    // The descriptor that listed the others.
    return false;
  }
}
