import type { ChurnPlan } from '../../core/behaviours/churn.ts';
import { COUNTER } from '../wire.ts';
import { type Behaviour, type BehaviourDeps, MOST_AT_ONCE } from './behaviour.ts';
import { NONE, SlotQueue } from './slot-queue.ts';

/**
 * Closes and replaces open connections, those first that have been open the longest: each lives until all others of its worker
 * have been replaced. Open-loop: when each is due follows from the clock alone. What can't be closed yet, since so many are on their way in that no more may be,
 * stays due; its replacement counts from the moment when it was planned.
 *
 * @param plan of the whole fleet: a worker's part is that of the connections it has
 */
export function createChurn(plan: ChurnPlan, { connections, tally, now }: BehaviourDeps): Behaviour {
  const inOrder = new SlotQueue(connections.capacity);
  /** The moment from which turnover is planned, and how many have been due and replaced since. Restarts after a rest. */
  let startedAtMs = 0;
  let perSecond = 0;
  let dueCount = 0;
  let doneCount = 0;
  let isResting = true;

  const plannedOf = (index: number): number => startedAtMs + ((index + 1) * 1000) / perSecond;

  function paceNow(): number {
    return 'turnoverPerSecond' in plan
      ? plan.turnoverPerSecond * connections.share()
      : (plan.percentPerSecond / 100) * connections.wanted();
  }

  function begin(nowMs: number, pace: number): void {
    startedAtMs = nowMs;
    perSecond = pace;
    [dueCount, doneCount] = [0, 0];
    isResting = false;
  }

  return {
    step(nowMs) {
      const pace = paceNow();
      if (pace === 0) return Number.POSITIVE_INFINITY;
      if (isResting || pace !== perSecond) begin(nowMs, pace);
      const due = Math.max(dueCount, Math.floor(((nowMs - startedAtMs) * perSecond) / 1000));
      tally.add(COUNTER.replacementsDue, due - dueCount);
      dueCount = due;
      for (let i = 0; i < MOST_AT_ONCE && doneCount < dueCount; i++) {
        const slot = inOrder.first;
        // Once there is room again something happens, and this is asked anew.
        if (slot === NONE || !connections.replace(slot, plannedOf(doneCount))) return Number.POSITIVE_INFINITY;
        doneCount++;
        tally.add(COUNTER.replaced, 1);
      }
      return doneCount < dueCount ? 0 : Math.max(0, plannedOf(dueCount) - now());
    },
    rest() {
      isResting = true;
    },
    onOpened: (slot) => inOrder.add(slot),
    onPayload() {},
    onAnswer() {},
    onClosed: (slot) => inOrder.remove(slot),
  };
}
