import type { Slot } from '../protocols/protocol.ts';

/** Slots that are to connect at Unix sockets whose backlogs are full. */
interface NodeBacklog {
  readonly isEmpty: boolean;
  add(slot: Slot, path: string): void;
  /** Waits no longer; it is told of from a later round of the loop. A slot that doesn't wait is left alone. */
  abort(slot: Slot): void;
  dispose(): void;
}

/** So often it is asked whether there is room again: nothing tells. */
const ASK_EVERY_MS = 2;
/** A socket of Node's is closed when it wasn't taken, so each time costs a new one for all that ask: no more than so many. */
const ASK_MOST = 16;

/** @param deps `open` tries again, and comes back by `add` where there is no room yet */
export function createNodeBacklog(deps: {
  open(slot: Slot, path: string): void;
  onAborted(slot: Slot): void;
}): NodeBacklog {
  const waiting = new Map<Slot, string>();
  let timer: NodeJS.Timeout | undefined;

  function ask(): void {
    timer = undefined;
    const first = [...waiting].slice(0, ASK_MOST);
    for (const [slot, path] of first) {
      waiting.delete(slot);
      deps.open(slot, path);
    }
    schedule();
  }

  function schedule(): void {
    if (waiting.size > 0) timer ??= setTimeout(ask, ASK_EVERY_MS);
  }

  return {
    get isEmpty() {
      return waiting.size === 0;
    },
    add(slot, path) {
      waiting.set(slot, path);
      schedule();
    },
    abort(slot) {
      if (waiting.delete(slot)) setImmediate(() => deps.onAborted(slot));
    },
    dispose() {
      waiting.clear();
      clearTimeout(timer);
    },
  };
}
