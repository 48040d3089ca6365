/** What befalls the connections of a leg at one moment: on ticks of the phases in which it does, and on the live page. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const bytes = z.number().nonnegative();

export const DoingNow = z.object({
  /** While connections have vanished: how many, and how many of them the target still has; null where nobody can tell. */
  vanished: z.object({ of: count, held: count.nullable() }).optional(),
  /** Connections that were cut, those of them that are open again, and attempts beyond the first of each. */
  storm: z.object({ cut: count, back: count, retries: count }).optional(),
  /** Open connections that read slowly, those that the target has ended, and what waits for them in the kernel at both ends. */
  slow: z
    .object({ slow: count, closed: count, queuedBytes: z.object({ target: bytes, client: bytes }).nullable() })
    .optional(),
  /** Connections that were due to be replaced since the leg began, and those that were. */
  churn: z.object({ due: count, replaced: count }).optional(),
  /** Deliveries of published messages that were due since the leg began, and those that came in time and late. */
  broadcast: z.object({ expected: count, reached: count, late: count }).optional(),
});
export type DoingNow = z.infer<typeof DoingNow>;
