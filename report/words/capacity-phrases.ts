import type { Summary } from '../../core/schemas/summary.ts';
import { count, type Phrase, say } from './phrase.ts';

type Two = Pick<Summary['capacity'][number], 'connections' | 'restConnections' | 'burstConnections'>;

/** What a capacity of a leg with a burst is said with: both numbers, what is planned by first. */
export const AT_REST = 'at rest';
export const RECONNECTING = 'while everybody reconnects';

/** `1,234 while everybody reconnects and 2,345 at rest`. */
export function bothOf({ connections, restConnections: rest, burstConnections: burst }: Two): Phrase {
  if (burst === null) return rest === null ? say`${count(connections)}` : say`${count(rest)} ${AT_REST}`;
  const reconnecting = say`${count(burst)} ${RECONNECTING}`;
  if (rest === null) return reconnecting;
  if (rest === burst) return say`${count(rest)} ${AT_REST}, and as many ${RECONNECTING}`;
  const resting = say`${count(rest)} ${AT_REST}`;
  return connections === burst ? say`${reconnecting} and ${resting}` : say`${resting} and ${reconnecting}`;
}

/** `at 19,936`, `at 4,000 opens per second`, `after 20,000 closes`. */
export function atOf({ at, unit }: Summary['limiters'][number]): Phrase {
  if (unit === 'closed connections') return say`after ${count(at)} closed connections`;
  return say`at ${count(at)}${unit === 'connections' ? '' : ` ${unit}`}`;
}
