import { closeSync, readdirSync, readlinkSync } from 'node:fs';

const DESCRIPTORS = '/proc/self/fd';
/** What an event loop of Node.js has: epoll, an eventfd that wakes it, a pipe for signals. One of each, but for the pipe's two ends. */
const OF_A_LOOP = { 'anon_inode:[eventpoll]': 1, 'anon_inode:[eventfd]': 1, pipe: 2 } as const;
type Kind = keyof typeof OF_A_LOOP;

/** Descriptors by their number, with what each is. */
type Descriptors = ReadonlyMap<number, string>;

/**
 * A worker with a descriptor table of its own had its event loop in the common one before, and closes it in its own alone. So four
 * descriptors of each stay open here, which the next runs of this process would miss.
 *
 * @param workers of the fleet, not begun yet
 * @returns to be called when they are online; it returns what closes what they left here, to be called when all have ended
 */
export function watchLoopDescriptors(workers: number): () => () => void {
  const before = readLoops();
  return () => {
    const added = new Map([...readLoops()].filter(([fd, what]) => before.get(fd) !== what));
    // Whatever else was opened meanwhile can't be told from theirs; then they stay.
    return areOf(added, workers) ? () => closeAll(added) : () => {};
  };
}

function readLoops(): Descriptors {
  const found = new Map<number, string>();
  for (const name of namesOf(DESCRIPTORS)) {
    try {
      const what = readlinkSync(`${DESCRIPTORS}/${name}`);
      if (kindOfLoop(what) !== undefined) found.set(Number(name), what);
    } catch {
      // The descriptor that listed the others.
    }
  }
  return found;
}

/** To list them takes one more; where there is none left, nothing is known. */
function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const kindOfLoop = (what: string): Kind | undefined =>
  what.startsWith('pipe:') ? 'pipe' : Object.hasOwn(OF_A_LOOP, what) ? (what as Kind) : undefined;

function areOf(added: Descriptors, workers: number): boolean {
  const kinds = [...added.values()].map(kindOfLoop);
  return Object.entries(OF_A_LOOP).every(
    ([kind, each]) => kinds.filter((one) => one === kind).length === each * workers,
  );
}

function closeAll(left: Descriptors): void {
  const now = readLoops();
  for (const [fd, what] of left) if (now.get(fd) === what) closeSync(fd);
}
