import type { LegOpeningRecord } from '../../core/schemas/leg.ts';
import { humanCount } from '../../core/values/units.ts';

const ROWS = { each: 'a row each', cycle: 'rows in turn', random: 'any row' } as const;

/** What connections say until they are open, by names and counts: `mqtt, headers Authorization, 3 steps, a row each of 2,000`. */
export function openingText({
  dialect,
  headers,
  subprotocols,
  steps,
  rules,
  module,
  rows,
  order,
}: LegOpeningRecord): string {
  const counted = (count: number, noun: string): string[] =>
    count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
  return [
    ...(dialect === null ? [] : [dialect]),
    ...(headers.length === 0 ? [] : [`headers ${headers.join(', ')}`]),
    ...(subprotocols.length === 0 ? [] : [`subprotocol ${subprotocols.join(' or ')}`]),
    ...counted(steps, 'step'),
    ...counted(rules, 'rule'),
    ...(module ? ['a module'] : []),
    ...(rows === null || order === null ? [] : [`${ROWS[order]} of ${humanCount(rows)}`]),
  ].join(', ');
}
