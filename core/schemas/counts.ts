/** Counts of a record. */
import { z } from 'zod';
import { CLOSE_REASONS, type CloseReason, OUTCOMES, type Outcome } from '../values/outcomes.ts';

const count = z.number().int().nonnegative();

/** Outcomes that older records don't know: connections weren't secured then. */
const LATER: ReadonlySet<Outcome> = new Set([
  'cert-untrusted',
  'cert-expired',
  'cert-name',
  'tls-alert',
  'opening-refused',
]);
export const OutcomeCounts = z.strictObject(
  Object.fromEntries(OUTCOMES.map((name) => [name, LATER.has(name) ? count.default(0) : count])) as Record<
    Outcome,
    typeof count
  >,
);

export const CountsSchema = z.object({ attempts: count, opening: count, open: count, failed: count, closed: count });

/** Reasons that a record is too old to know didn't occur in it. */
export const CloseReasonCounts = z.object(
  Object.fromEntries(CLOSE_REASONS.map((name) => [name, count.default(0)])) as Record<
    CloseReason,
    z.ZodDefault<typeof count>
  >,
);
