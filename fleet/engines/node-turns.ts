/** Turns of Node's own loop, for an engine whose events come by themselves. */
export interface Turns {
  /** Something happened: a turn that waits ends with this round of the loop. */
  stir(): void;
  /**
   * Resolves when the loop has run: after one round when something happened since the last turn, else on the next
   * {@link stir}, after `maxWaitMs` at the latest.
   */
  turn(maxWaitMs: number): Promise<void>;
}

/** A turn asked for while another is on is that turn. Uses no processor time while nothing happens. */
export function createTurns(): Turns {
  let stirred = false;
  let current: Promise<void> | undefined;
  let resolveCurrent: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  function endTurn(): void {
    timer = undefined;
    stirred = false;
    current = undefined;
    resolveCurrent?.();
  }

  function endSoon(): void {
    clearTimeout(timer);
    timer = undefined;
    // Immediates run after all that was ready in this round of the loop.
    setImmediate(endTurn);
  }

  return {
    stir() {
      stirred = true;
      if (timer) endSoon();
    },
    turn(maxWaitMs) {
      current ??= new Promise((resolve) => {
        resolveCurrent = resolve;
        if (stirred || maxWaitMs <= 0) endSoon();
        else timer = setTimeout(endTurn, maxWaitMs);
      });
      return current;
    },
  };
}
