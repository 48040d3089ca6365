import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** What Debian's packages ask before they start a service. Containers often have one that says no; machines have none. */
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# Made by connrig for one installation; may be removed.';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does something during which no package may start a service. An answer that is there already stays as it is. Ours goes
 * in the end, also when we are interrupted, which waits for that; should we be killed, it forbids nothing any more, and
 * the next installation removes it.
 *
 * @param policy where the answer lies; elsewhere only in tests
 */
export async function withoutStarting<T>(act: () => Promise<T>, policy = POLICY): Promise<T> {
  if (isOurs(policy)) rmSync(policy, { force: true });
  if (!place(policy)) return act();
  let interruptedBy: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals): void => {
    interruptedBy = signal;
  };
  for (const signal of SIGNALS) process.on(signal, note);
  try {
    return await act();
  } finally {
    rmSync(policy, { force: true });
    for (const signal of SIGNALS) process.off(signal, note);
    if (interruptedBy) process.kill(process.pid, interruptedBy);
  }
}

/** @returns false when somebody else's is there */
function place(policy: string): boolean {
  try {
    const script = `#!/bin/sh\n${MARK}\nkill -0 ${process.pid} 2>/dev/null || exit 0\nexit 101\n`;
    writeFileSync(policy, script, { mode: 0o755, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isOurs(policy: string): boolean {
  try {
    return readFileSync(policy, 'utf8').includes(MARK);
  } catch {
    return false;
  }
}
