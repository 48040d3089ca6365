import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { isLeak, type Keeping, keepingOf } from '../../core/stats/retained.ts';

/** What to make of what closed connections left. */
export function keepingIn({ retained, perConnection, drains }: LegSummary): Keeping {
  if (retained === null) return 'nothing';
  const [before, after] = drains;
  const closed = (after?.closedConnections ?? 0) - (before?.closedConnections ?? 0);
  return keepingOf(retained, perConnection?.user?.bytes ?? null, closed);
}

/** Descriptors are among it: shown to grow, or there after too few cycles to tell whether they are used again. */
export function keepsFiles(leg: LegSummary): boolean {
  const files = leg.retained?.files ?? null;
  return files !== null && (isLeak(files) || keepingIn(leg) === 'perhaps-leak');
}
