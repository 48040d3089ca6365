import type { BehaviourPlan } from '../../core/behaviour.ts';
import type { Behaviour, BehaviourDeps } from './behaviour.ts';
import { createEcho } from './echo.ts';
import { createHeartbeat } from './heartbeat.ts';

const IDLE: Behaviour = { step: () => Number.POSITIVE_INFINITY, rest() {}, onPayload() {}, onClosed() {} };

/** @param plan this worker's share */
export function createBehaviour(plan: BehaviourPlan, deps: BehaviourDeps): Behaviour {
  switch (plan.kind) {
    case 'idle':
      return IDLE;
    case 'heartbeat':
      return createHeartbeat(plan.everyMs, deps);
    case 'echo':
      return createEcho(plan.perSecond, plan.bytes, deps);
  }
}
