/**
 * `summary.json`, schema 1: what a run came to. Made from the run record alone, by `report/`. All bytes are numbers of
 * bytes; `null` where something wasn't measured, never 0 for unknown.
 */
import { z } from 'zod';
import { LEDGER_COMPONENTS } from './ledger.ts';
import { OUTCOMES } from './outcomes.ts';
import { PROTOCOLS } from './protocols.ts';
import { TARGET_KINDS } from './record.ts';

export const SUMMARY_SCHEMA = 1;

const count = z.number().int().nonnegative();
const bytes = z.number().nullable();

const EstimateSchema = z.object({ bytes: z.number(), low: z.number(), high: z.number() });
const Latency = z.number().nonnegative().nullable();

const Rtt = z.object({
  p50Ms: Latency,
  p99Ms: Latency,
  p999Ms: Latency,
  /** From when a message was sent instead of when it was planned: what a closed-loop tool would show. */
  uncorrectedP99Ms: Latency,
  messagesPerSecond: z.number(),
  lateReplies: count,
  lostReplies: count,
});
export type Rtt = z.infer<typeof Rtt>;

export const LegSummary = z.object({
  protocol: z.enum(PROTOCOLS),
  planned: count,
  peakOpen: count,
  attempts: count,
  outcomes: z.record(z.enum(OUTCOMES), count),
  levels: z.array(
    z.object({
      open: count,
      /** total = user + kernel. user is the target's anonymous memory, kernel the growth of its end since the baseline. */
      bytes: z.object({ total: bytes, user: bytes, kernel: bytes }),
      settled: z.boolean(),
      established: count.nullable(),
      censusOpen: count.nullable(),
      /** TCP sockets this machine has more than at the baseline: two for each connection when both ends are here. */
      kernelSockets: z.number().int().nullable(),
      /** User memory of the client at this level. */
      generatorBytes: bytes,
      /** Growth of what the target's memory cgroup is charged for; null when others live in it too. */
      chargedBytes: bytes,
      /** Round trips at this level, from the planned moment; null while nothing is exchanged. */
      rtt: Rtt.nullable(),
    }),
  ),
  /** null below 3 levels. */
  perConnection: z
    .object({
      total: EstimateSchema.nullable(),
      user: EstimateSchema.nullable(),
      kernel: EstimateSchema.nullable(),
      /** What the target's memory cgroup is charged for it. Beside the others: the kernel doesn't charge all it spends. */
      charged: EstimateSchema.nullable(),
      /** Sum to `total.bytes`, but for `unexplained`, which is what the host grew by beyond them. */
      components: z.partialRecord(z.enum(LEDGER_COMPONENTS), bytes),
    })
    .nullable(),
  baselineBytes: bytes,
  fit: z.object({ rSquared: z.number(), knee: z.null(), holdoutErrorPercent: z.number().nullable() }).nullable(),
  retained: z.object({ bytesPerClosedConnection: z.number(), low: bytes, high: bytes }).nullable(),
  /**
   * User memory above the baseline per connection just after all came at once, before any collection; null for a target
   * that can't be told to collect, whose `perConnection` is of that kind already.
   */
  burst: z.object({ open: count, userBytesPerConnection: z.number() }).nullable(),
  open: z.object({ ratePerSecond: z.number().nullable(), p50Ms: Latency, p99Ms: Latency, maxMs: Latency }),
  /** Round trips at the top level; null while no behaviour that talks was asked for. */
  rtt: Rtt.nullable(),
});
export type LegSummary = z.infer<typeof LegSummary>;

export const LIMITERS = ['memory', 'fds', 'ports'] as const;

export const Summary = z.object({
  schema: z.literal(SUMMARY_SCHEMA),
  status: z.enum(['passed', 'failed', 'interrupted', 'invalid']),
  exitCode: z.number().int(),
  name: z.string(),
  target: z.object({ kind: z.enum(TARGET_KINDS), name: z.string(), urls: z.array(z.string()) }),
  /** Why it isn't `passed`; null when it is. */
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  warnings: z.array(z.string()),
  legs: z.array(LegSummary),
  /** For the dearest protocol measured: the machine has to hold that. */
  forecast: z.array(
    z.object({
      protocol: z.enum(PROTOCOLS),
      connections: count,
      bytes: z.number(),
      low: z.number(),
      high: z.number(),
      /** How many times the largest level measured; above 2 it is a guess. */
      extrapolation: z.number(),
    }),
  ),
  /** Where each limit lies, the first one first: how many connections until then. */
  limiters: z.array(z.object({ protocol: z.enum(PROTOCOLS), what: z.enum(LIMITERS), at: count })),
  thresholds: z.array(z.object({ expression: z.string(), value: z.number().nullable(), passed: z.boolean() })),
  generator: z.object({
    bytesPerConnection: z.number().nullable(),
    rssBytes: z.number().nullable(),
    cpuSeconds: z.number().nullable(),
    /** The client was what limited the run, so latencies and rates are its own: see `bottleneck`. */
    saturated: z.boolean(),
    /** Why, in a sentence; null when it wasn't. */
    bottleneck: z.string().nullable(),
  }),
});
export type Summary = z.infer<typeof Summary>;
