import type { BehaviourPlan } from '../core/behaviours/behaviours.ts';

/** A heartbeat is each connection's own; a number of messages or requests a second is everybody's. One publishes for all. */
export function shareOfBehaviour<Plan extends BehaviourPlan>(behaviour: Plan, workers: number): Plan {
  if ('beside' in behaviour) return { ...behaviour, beside: shareOfBehaviour(behaviour.beside, workers) };
  return 'perSecond' in behaviour && behaviour.kind !== 'broadcast'
    ? { ...behaviour, perSecond: behaviour.perSecond / workers }
    : behaviour;
}
