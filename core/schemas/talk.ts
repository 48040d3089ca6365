/** What of a record is about messages: see core/schemas/record.ts. */
import { z } from 'zod';
import { STATUS_CLASSES } from '../values/outcomes.ts';
import { TimesSchema } from './times.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/** What came in on open connections: messages that were whole (answers of http; tcp has none), and the bytes in them, without framing. */
export const Received = z.object({ messages: count, payloadBytes: count });
export type Received = z.infer<typeof Received>;

/** Round trips during the talk phase of a level: messages that came back, or requests that were answered. */
export const Talk = z.object({
  durationMs: ms,
  /** Sent; of requests, those that were due. */
  messages: count,
  replies: count,
  /** Replies that came more than a second after the planned moment. */
  lateReplies: count,
  /** Not answered when the connection closed, or a second after the phase. */
  lostReplies: count,
  /** Received that another connection of the run had sent: the target passes messages on. */
  fromOthers: count.default(0),
  /** All that came in meanwhile, replies included; null in older records. */
  received: Received.nullable().default(null),
  /** Replies by the class of their status (answers of http); null where none has one. */
  statuses: z.record(z.enum(STATUS_CLASSES), count).nullable().default(null),
  sendLag: TimesSchema,
  rttPlanned: TimesSchema,
  rttActual: TimesSchema,
});
export type Talk = z.infer<typeof Talk>;
