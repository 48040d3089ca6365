import type { BehaviourPlan } from '../core/behaviours/behaviours.ts';
import { type Plan, peakOf } from '../core/values/plan.ts';
import { printQuantity } from '../core/values/units.ts';

/** What comes to nobody does nothing, and nothing is measured of it. */
export function shareProblems({ legs: [leg] }: Plan): string[] {
  if (leg === undefined) return [];
  const { behaviour } = leg;
  const top = peakOf(leg);
  if (behaviour.kind === 'broadcast' && behaviour.by === 'connection' && top === 1)
    return ['--behaviour broadcast: the one connection publishes, and nobody is there to receive; --connections 2'];
  const percent = shareOf(behaviour);
  // To the nearest whole connection.
  if (percent === undefined || top * percent >= 50) return [];
  const [share, connections] = [printQuantity('percent', percent), printQuantity('count', top)];
  const enough = Math.ceil(100 / percent);
  return [
    `--behaviour ${behaviour.kind}: ${share} of ${connections} connections is nobody; --connections ${enough}, or a larger share`,
  ];
}

function shareOf(behaviour: BehaviourPlan): number | undefined {
  if (behaviour.kind === 'slow') return behaviour.sharePercent;
  return behaviour.kind === 'storm' || behaviour.kind === 'vanish' ? behaviour.percent : undefined;
}
