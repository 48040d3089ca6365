/**
 * `summary.json`, schema 1: what a run came to. Made from the run record alone, by `report/`. All bytes are numbers of
 * bytes; `null` where something wasn't measured, never 0 for unknown.
 */
import { z } from 'zod';
import { LEDGER_COMPONENTS } from '../ledger/ledger.ts';
import { PROTOCOLS } from '../protocols/names.ts';
import { FAMILIES, TRANSPORTS } from '../protocols/schemes.ts';
import { WORDS } from '../stats/difference.ts';
import { EstimateSchema } from '../stats/slope.ts';
import { SUMMARY_STATUSES } from '../values/statuses.ts';
import { LegName, withLegName } from './leg-name.ts';
import { LegSummary } from './leg-summary.ts';
import { ShownText, TARGET_KINDS } from './record.ts';
import { Sizing, TwoCosts } from './sizing-summary.ts';

export const SUMMARY_SCHEMA = 1;

const count = z.number().int().nonnegative();
const bytes = z.number().nullable();

export const LIMITERS = ['memory', 'fds', 'ports', 'tcp-mem', 'conntrack', 'rtt', 'cpu'] as const;
export const LIMIT_UNITS = ['connections', 'opens per second', 'closed connections'] as const;

const Growth = z.object({
  leg: LegName,
  protocol: z.enum(PROTOCOLS),
  transport: z.enum(TRANSPORTS).default('plain'),
  family: z.enum(FAMILIES).default('inet'),
  /** What was compared: all of it, or user memory where that is all that both runs know; null: neither. */
  part: z.enum(['total', 'user']).nullable(),
  /** Cost of one more connection, by the earlier run and by this one. */
  baselineBytes: bytes,
  bytes,
  /** With its 99 % interval, in bytes and, of the earlier cost, in percent; null where either isn't known. */
  difference: EstimateSchema.extend({ percent: z.number().nullable(), word: z.enum(WORDS) }).nullable(),
  /** Shown not to have grown by more than is allowed. */
  passed: z.boolean(),
  /** Whether it is shown at all, either way; what is not known is not. */
  isShown: z.boolean().default(true),
});
export type Growth = z.infer<typeof Growth>;

/** From the one leg's cost to the other's, with its 95 % interval, in bytes and in percent of the first. */
const Added = EstimateSchema.extend({ percent: z.number().nullable(), word: z.enum(WORDS) });

/** What one leg costs beyond another that differs from it in TLS alone. */
export const TlsAdds = z.object({
  leg: LegName,
  /** The leg that it is held against. */
  plainLeg: LegName,
  protocol: z.enum(PROTOCOLS),
  /** To one more connection; null where either leg doesn't tell its own. */
  total: Added.nullable(),
  user: Added.nullable(),
  kernel: Added.nullable(),
  components: z.partialRecord(z.enum(LEDGER_COMPONENTS), Added.nullable()),
  /** Whether the total, else the user's part, is shown to differ from nothing. */
  isShown: z.boolean(),
  /** Why there is no difference at all; null where there is one. */
  unknown: z.enum(['inconclusive', 'no-cost', 'other-levels']).nullable(),
});
export type TlsAdds = z.infer<typeof TlsAdds>;

export const Summary = z.object({
  schema: z.literal(SUMMARY_SCHEMA),
  status: z.enum(SUMMARY_STATUSES),
  exitCode: z.number().int(),
  name: z.string(),
  /** What the target was, in its maker's words (--label): a commit, a version. */
  labels: z.record(z.string(), ShownText).default({}),
  target: z.object({
    kind: z.enum(TARGET_KINDS),
    name: ShownText,
    urls: z.array(ShownText),
    /**
     * The memory it may take, which the capacity is for: what was asked for, else the least of its cgroup's limit and its
     * machine's memory. It is null where nobody tells, as of most targets elsewhere.
     */
    memoryLimit: z
      .object({
        bytes: z.number(),
        basis: z.enum(['asked', 'cgroup', 'machine']),
        /** Memory of the machine, or what of it our own container may take; null where a limit was asked for. */
        machineBytes: bytes,
      })
      .nullable(),
  }),
  /** Why it is neither `measured` nor `passed`; null when it is. */
  error: z.object({ code: z.string(), message: ShownText, hint: ShownText }).nullable(),
  warnings: z.array(ShownText),
  legs: z.array(withLegName('name', LegSummary)),
  /** For each leg over TLS that has a plain one beside it. */
  tlsAdds: z.array(TlsAdds).default([]),
  /** With the 95 % interval of the prediction. */
  forecast: z.array(
    withLegName(
      'leg',
      z.object({
        leg: LegName,
        protocol: z.enum(PROTOCOLS),
        connections: count,
        bytes: z.number(),
        low: z.number(),
        high: z.number(),
        /** How many times the largest level measured. */
        extrapolation: z.number(),
        /** Above 2 times: a guess. */
        beyond: z.boolean(),
        /** While everybody reconnects, see the leg's `burst`; null where that wasn't measured. `bytes` is at rest. */
        burstBytes: bytes.default(null),
      }),
    ),
  ),
  /** The most connections whose upper bound of prediction fits the memory limit with the headroom kept free. */
  capacity: z.array(
    withLegName(
      'leg',
      z.object({
        leg: LegName,
        protocol: z.enum(PROTOCOLS),
        /** What has to fit: user and kernel memory together, or what a cgroup is charged for, which is what its limit is on. */
        of: z.enum(['total', 'charged']),
        memoryLimitBytes: z.number(),
        headroomPercent: z.number(),
        /** By what `sizedBy` says. */
        connections: count,
        extrapolation: z.number(),
        beyond: z.boolean(),
        ...TwoCosts,
      }),
    ),
  ),
  /** By the default limits of memory, or by a plan (--plan); null where no cost is known. */
  sizing: Sizing.nullable(),
  /**
   * Where each limit lies, for each leg the first one first: how many connections until then. For `rtt` the first
   * level that was over; `cpu` limits opens per second, not how many stay, and comes first where the run's own pace
   * was beyond it, last otherwise. What closed connections leave behind runs out after so many closes, however few
   * are open: `closed connections`.
   */
  limiters: z.array(
    withLegName(
      'leg',
      z.object({
        leg: LegName,
        protocol: z.enum(PROTOCOLS),
        what: z.enum(LIMITERS),
        at: count,
        unit: z.enum(LIMIT_UNITS),
        /** With `closed connections`: how much there is of it, in files or bytes. */
        available: z.number().optional(),
      }),
    ),
  ),
  thresholds: z.array(
    z.object({
      expression: z.string(),
      value: z.number().nullable(),
      /** Shown not to be crossed; what nobody measured is not. */
      passed: z.boolean(),
      /** False where the limit lies within the value's interval, or the value is inconclusive. */
      isShown: z.boolean().default(true),
    }),
  ),
  /** What the cost was held against (--baseline), leg by leg; a leg whose cost the earlier run didn't know isn't there. */
  baseline: z
    .object({
      folder: z.string(),
      name: z.string(),
      startedAt: z.string(),
      maxGrowthPercent: z.number(),
      legs: z.array(withLegName('leg', Growth)),
    })
    .optional(),
  generator: z.object({
    /** Null for legs below `OWN_COST_FROM` connections (core/values/plan.ts). */
    bytesPerConnection: z.number().nullable(),
    rssBytes: z.number().nullable(),
    cpuSeconds: z.number().nullable(),
    /** The client was what limited the run, so latencies and rates are its own: see `bottleneck`. */
    saturated: z.boolean(),
    /** Why, in a sentence; null when it wasn't. */
    bottleneck: z.string().nullable(),
    /** What the machines used that held the connections, by host; absent where the client held all. What stands above is the client's own then. */
    hosts: z
      .array(
        z.object({
          host: z.string(),
          workers: count,
          /** Connections at any one moment. */
          mostOpen: count,
          opened: count,
          /** Over the whole run, and at any one moment: of the processes that held connections. */
          cpuSeconds: z.number(),
          rssBytes: z.number(),
          /** By how much the latest hundredth of its attempts was late although there was room in the window; null while there was none. */
          latenessMs: z.number().nullable(),
        }),
      )
      .optional(),
  }),
});
export type Summary = z.infer<typeof Summary>;
