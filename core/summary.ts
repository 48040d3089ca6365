/**
 * `summary.json`, schema 1: what a run came to. Made from the run record alone, by `report/`. All bytes are numbers of
 * bytes; `null` where something wasn't measured, never 0 for unknown.
 */
import { z } from 'zod';
import { LEDGER_COMPONENTS } from './ledger.ts';
import { OUTCOMES, STATUS_CLASSES } from './outcomes.ts';
import { PROTOCOLS } from './protocols.ts';
import { TARGET_KINDS } from './record.ts';

export const SUMMARY_SCHEMA = 1;

/** An R² below this: the levels don't lie on what was drawn through them. */
export const STRAIGHT = 0.99;

const count = z.number().int().nonnegative();
const bytes = z.number().nullable();

const EstimateSchema = z.object({ bytes: z.number(), low: z.number(), high: z.number() });
/** Where something happens, in connections, between the levels `low` and `high`. */
const place = { at: z.number(), low: count, high: count };

const Step = z.object({ ...place, bytes: z.number() });

/** What the levels come to; see core/shape.ts and core/fit.ts. */
const Fit = z.object({
  rSquared: z.number(),
  /** Up to `at` one more connection costs `below`, from there on `above`; null: none in range. */
  knee: z.object({ ...place, below: EstimateSchema, above: EstimateSchema }).nullable(),
  /** Between two levels memory jumped by so many bytes: the largest of `steps`; null: none in range. */
  step: Step.nullable(),
  /** All of them, ascending; at most three. */
  steps: z.array(Step),
  /** Of the top level, against the same shape through the others; signed. */
  holdoutErrorPercent: z.number().nullable(),
  /** Lines to predict by, ascending: each holds from `fromOpen` on, the last one beyond the top. See core/predict.ts. */
  lines: z.array(
    z.object({
      fromOpen: count,
      interceptBytes: z.number(),
      bytesPerConnection: z.number(),
      residualBytes: z.number(),
      degrees: count,
      points: count,
      meanOpen: z.number(),
      openSquares: z.number(),
    }),
  ),
});
const Latency = z.number().nonnegative().nullable();

const Rtt = z.object({
  p50Ms: Latency,
  p99Ms: Latency,
  p999Ms: Latency,
  /** From when a message was sent instead of when it was planned: what a closed-loop tool would show. */
  uncorrectedP99Ms: Latency,
  /** Of requests, those that were due. */
  messagesPerSecond: z.number(),
  lateReplies: count,
  lostReplies: count,
  /** Answers by class of status, of http; null where replies have none. */
  statuses: z.record(z.enum(STATUS_CLASSES), count).nullable().default(null),
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
      /** How the connections opened that came between the level below and this one, from the planned moment. */
      opening: z.object({ opened: count, p50Ms: Latency, p99Ms: Latency, maxMs: Latency }).nullable(),
    }),
  ),
  /** What one more costs at the top: above a knee, without the jump of a step. null below 3 levels. */
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
  /** Of it, the heaps of all processes; null where they can't be asked. */
  baselineHeapBytes: bytes,
  /** The most user memory at any moment, garbage included. */
  peakUserBytes: bytes,
  /** Open descriptors of the target that one connection takes, at the top level: two of a proxy. */
  descriptorsPerConnection: z.number().nullable(),
  /** Of `total`; of what there is where the kernel can't be read. */
  fit: Fit.nullable(),
  /** Of all that the target's memory cgroup is charged for, the process without connections included. */
  chargedFit: Fit.nullable(),
  /** What each closed connection left behind; an interval from 3 cycles on, and a leak only if that excludes 0. */
  retained: z.object({ bytesPerClosedConnection: z.number(), low: bytes, high: bytes }).nullable(),
  /** User memory with no connection open: the baseline, cycle 0, then after each cycle. */
  drains: z.array(z.object({ cycle: count, closedConnections: count, bytes: z.number() })),
  /**
   * User memory above the baseline per connection just after all came at once, before any collection or rest; null for a
   * target that was given neither, whose `perConnection` is of that kind already.
   */
  burst: z.object({ open: count, userBytesPerConnection: z.number() }).nullable(),
  open: z.object({
    ratePerSecond: z.number().nullable(),
    p50Ms: Latency,
    p99Ms: Latency,
    maxMs: Latency,
    /** Processor time of the target, user and system, for each connection opened; at the most, see report/opening.ts. */
    targetCpuMs: Latency,
  }),
  /** Round trips at the top level; null while no behaviour that talks was asked for. */
  rtt: Rtt.nullable(),
  /**
   * Several launches: the cost of each (total, or user where that is all), and how far they scatter; null for one. The
   * intervals of `perConnection` are over launches then.
   */
  launches: z.object({ count, bytes: z.array(z.number()), coefficientOfVariation: z.number().nullable() }).nullable(),
});
export type LegSummary = z.infer<typeof LegSummary>;

export const LIMITERS = ['memory', 'fds', 'ports', 'tcp-mem', 'conntrack', 'rtt', 'cpu'] as const;

/** What one size of memory comes to for one protocol. */
const SizingRow = z.object({
  protocol: z.enum(PROTOCOLS),
  /** Of the instance type; null: a limit of memory without a name. */
  name: z.string().nullable(),
  instanceBytes: z.number(),
  /** What of it the target may take, before headroom. */
  memoryBytes: z.number(),
  /** The most connections one holds. */
  connections: count,
  extrapolation: z.number(),
  beyond: z.boolean(),
  /** How many are needed for all connections wanted; null: none fits into one. */
  instances: count.nullable(),
  /** What those hold when as many as may be lost are lost. */
  holds: count.nullable(),
  /** Of all of them. */
  pricePerHour: z.number().nullable(),
  pricePerMonth: z.number().nullable(),
  settings: z.object({
    /** Of the target, on each instance; limits of a process are for each of them. */
    processes: count,
    openFiles: count,
    /** fs.nr_open; null: as it usually is. */
    nrOpen: count.nullable(),
    somaxconn: count,
    /** net.ipv4.tcp_mem, all three values of it; null: as it usually is. */
    tcpMemPages: z.tuple([count, count, count]).nullable(),
    /** net.netfilter.nf_conntrack_max; null: what the run's machine has is enough. */
    conntrackMax: count.nullable(),
    /** For each process of a Node.js target; null for others. */
    maxOldSpaceMib: count.nullable(),
    memoryMib: count,
  }),
});
export type SizingRow = z.infer<typeof SizingRow>;

const Sizing = z.object({
  /** How many are wanted. */
  connections: count,
  spare: count,
  currency: z.string(),
  headroomPercent: z.number(),
  rows: z.array(SizingRow),
});
export type Sizing = z.infer<typeof Sizing>;

export const Summary = z.object({
  schema: z.literal(SUMMARY_SCHEMA),
  status: z.enum(['passed', 'failed', 'interrupted', 'invalid']),
  exitCode: z.number().int(),
  name: z.string(),
  target: z.object({
    kind: z.enum(TARGET_KINDS),
    name: z.string(),
    urls: z.array(z.string()),
    /**
     * The memory it may take, which the capacity is for: what was asked for, else the least of its cgroup's limit and its
     * machine's memory; null where nobody tells, as of most targets elsewhere.
     */
    memoryLimit: z
      .object({
        bytes: z.number(),
        basis: z.enum(['asked', 'cgroup', 'machine']),
        /** Of the machine, or what of it our own container may take; null where a limit was asked for. */
        machineBytes: bytes,
      })
      .nullable(),
  }),
  /** Why it isn't `passed`; null when it is. */
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  warnings: z.array(z.string()),
  legs: z.array(LegSummary),
  /** With the 95 % interval of the prediction. */
  forecast: z.array(
    z.object({
      protocol: z.enum(PROTOCOLS),
      connections: count,
      bytes: z.number(),
      low: z.number(),
      high: z.number(),
      /** How many times the largest level measured. */
      extrapolation: z.number(),
      /** Above 2 times: a guess. */
      beyond: z.boolean(),
    }),
  ),
  /** The most connections whose upper bound of prediction fits the memory limit with the headroom kept free. */
  capacity: z.array(
    z.object({
      protocol: z.enum(PROTOCOLS),
      /** What has to fit: user and kernel memory together, or what a cgroup is charged for, which is what its limit is on. */
      of: z.enum(['total', 'charged']),
      memoryLimitBytes: z.number(),
      headroomPercent: z.number(),
      connections: count,
      extrapolation: z.number(),
      beyond: z.boolean(),
    }),
  ),
  /** By the default limits of memory, or by a plan (--plan); null where no cost is known. */
  sizing: Sizing.nullable(),
  /**
   * Where each limit lies, for each protocol the first one first: how many connections until then. For `rtt` the first
   * level that was over; `cpu` limits opens per second, not how many stay, and comes first where the run's own pace
   * was beyond it, last otherwise.
   */
  limiters: z.array(
    z.object({
      protocol: z.enum(PROTOCOLS),
      what: z.enum(LIMITERS),
      at: count,
      unit: z.enum(['connections', 'opens per second']),
    }),
  ),
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
