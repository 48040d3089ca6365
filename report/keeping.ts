import type { LegSummary } from '../core/leg-summary.ts';
import { isLeak, type Keeping, keepingOf } from '../core/retained.ts';

/** What to make of what closed connections left. */
export const keepingIn = ({ retained, perConnection }: LegSummary): Keeping =>
  retained === null ? 'nothing' : keepingOf(retained, perConnection?.user?.bytes ?? null);

/** Descriptors are among it: shown to grow, or there after too few cycles to tell whether they are used again. */
export function keepsFiles(leg: LegSummary): boolean {
  const files = leg.retained?.files ?? null;
  return files !== null && (isLeak(files) || keepingIn(leg) === 'perhaps-leak');
}
