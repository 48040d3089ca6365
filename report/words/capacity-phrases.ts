import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { count, farCount, type Phrase, say } from './phrase.ts';

type Limiter = Summary['limiters'][number];
type Two = Pick<Summary['capacity'][number], 'connections' | 'restConnections' | 'burstConnections'>;

/** What a capacity of a leg with a burst is said with: both numbers, what is planned by first. */
export const AT_REST = 'at rest';
export const RECONNECTING = 'while everybody reconnects';

/** What runs out, and whose it is. */
export const LIMITS: Readonly<Record<Limiter['what'], string>> = {
  memory: "the target's memory",
  fds: "the target's open files",
  ports: "the client's local ports",
  'tcp-mem': 'what TCP may reserve for buffers on the machine (net.ipv4.tcp_mem)',
  conntrack: "the machine's table of connections (nf_conntrack)",
  rtt: "the target's round-trip time",
  cpu: "the target's processors",
};

/** What of a leg's limits was not read but follows from its levels. */
const FOLLOWS: ReadonlySet<Limiter['what']> = new Set(['memory', 'tcp-mem']);

/** `1,234 while everybody reconnects and 2,345 at rest`. @param top the most that was measured */
export function bothOf({ connections, restConnections: rest, burstConnections: burst }: Two, top: number): Phrase {
  const count = (value: number) => farCount(value, top);
  if (burst === null) return rest === null ? say`${count(connections)}` : say`${count(rest)} ${AT_REST}`;
  const reconnecting = say`${count(burst)} ${RECONNECTING}`;
  if (rest === null) return reconnecting;
  if (rest === burst) return say`${count(rest)} ${AT_REST}, and as many ${RECONNECTING}`;
  const resting = say`${count(rest)} ${AT_REST}`;
  return connections === burst ? say`${reconnecting} and ${resting}` : say`${resting} and ${reconnecting}`;
}

/** `the target's open files at 19,936`, `the target's processors at 4,000 opens per second`, `… after 20,000 closed connections`. */
export const limitOf = (limiter: Limiter, leg: LegSummary | undefined): Phrase =>
  say`${LIMITS[limiter.what]} ${placeOf(limiter, leg)}`;

/** Where it lies, as `at 19,936`. @param leg whose limit it is */
export function placeOf({ what, at, unit }: Limiter, leg: LegSummary | undefined): Phrase {
  if (unit === 'closed connections') return say`after ${count(at)} closed connections`;
  const top = leg?.levels.at(-1)?.open;
  const where = top !== undefined && FOLLOWS.has(what) ? farCount(at, top) : count(at);
  return say`at ${where}${unit === 'connections' ? '' : ` ${unit}`}`;
}
