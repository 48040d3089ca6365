/**
 * Loaded into each test file's process before the file: as it ends, it writes down the processor time that the process and all
 * that it started have taken. Its runner can't know that otherwise.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const to = process.env['CONNRIG_TEST_ACCOUNT'];
// What a test starts has an end of its own.
delete process.env['CONNRIG_TEST_ACCOUNT'];
const TICKS_PER_SECOND = 100;

if (to !== undefined) {
  process.on('exit', () => {
    writeFileSync(to, String(cpuSeconds()));
  });
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childSeconds();
}

/** The time of children that have ended and were waited for, and of theirs: `cutime` and `cstime` of /proc/self/stat. */
function childSeconds(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
