/** Turns of Node's own loop, for an engine whose events come by themselves. */
export interface Turns {
  /** Something happened: a turn that waits ends with this round of the loop. */
  stir(): void;
  /** Resolves when the loop has run: after one round when something happened since the last turn, else on the next
   * {@link stir}, after `maxWaitMs` at the latest. */
  turn(maxWaitMs: number): Promise<void>;
}

/** For one driver that takes one turn after the other. Uses no processor time while nothing happens. */
export function createTurns(): Turns {
  let stirred = false;
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  function endTurn(): void {
    const resolve = wake;
    wake = undefined;
    stirred = false;
    resolve?.();
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
      return new Promise((resolve) => {
        wake = resolve;
        if (stirred || maxWaitMs <= 0) {
          endSoon();
        } else {
          timer = setTimeout(() => {
            timer = undefined;
            endTurn();
          }, maxWaitMs);
        }
      });
    },
  };
}
