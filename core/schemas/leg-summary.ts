/** The part of `summary.json` that one leg is, see core/schemas/summary.ts. */
import { z } from 'zod';
import { LEDGER_COMPONENTS } from '../ledger/ledger.ts';
import { PROTOCOLS } from '../protocols/names.ts';
import { FAMILIES, TRANSPORTS } from '../protocols/schemes.ts';
import { LOSS_PATTERNS } from '../stats/loss-pattern.ts';
import { EstimateSchema } from '../stats/slope.ts';
import { CLOSE_REASONS, STATUS_CLASSES } from '../values/outcomes.ts';
import { BroadcastSummary } from './broadcast.ts';
import { ChurnSummary, SoakSummary } from './churn.ts';
import { OutcomeCounts } from './counts.ts';
import { FitSummary, RetainedSummary } from './fit-summary.ts';
import { LegName } from './leg-name.ts';
import { SharesSummary } from './share-residual.ts';
import { SlowSummary } from './slow.ts';
import { StormSummary } from './storm.ts';
import { Agreement, LegTls } from './tls.ts';
import { VanishSummary } from './vanish.ts';
/** An R² below this: the levels don't lie on what was drawn through them. */
export const STRAIGHT = 0.99;

/** What keeps a cost from being shown: levels that scatter, lie on no line, or tell no more than a wide range; a heap that hides it. */
export const DOUBTS = ['scatter', 'no-line', 'range', 'heap'] as const;

const [count, bytes] = [z.number().int().nonnegative(), z.number().nullable()];
const [ms, Latency] = [z.number().nonnegative(), z.number().nonnegative().nullable()];

/** By each open connection; no messages where a protocol has none, as tcp. Bytes are those of messages, without framing. */
const ReceivedRate = z.object({ messagesPerSecond: z.number().nullable(), bytesPerSecond: z.number() });
export type ReceivedRate = z.infer<typeof ReceivedRate>;

const Rtt = z.object({
  p50Ms: Latency,
  p99Ms: Latency,
  p999Ms: Latency,
  /** From when a message was sent instead of when it was planned: what a closed-loop tool would show. */
  uncorrectedP99Ms: Latency,
  /** Messages a second; for requests, those that were due. */
  messagesPerSecond: z.number(),
  lateReplies: count,
  lostReplies: count,
  /** How many of the messages, or of the requests that were due, that is; null where there was none, and in older summaries. */
  lostPercent: z.number().nullable().default(null),
  /** Received that another connection of the run had sent; in no round trip. */
  fromOthers: count.default(0),
  /** Received beside replies and what others had sent, where messages are to come back; null where that isn't known. */
  beside: z.object({ messages: count.nullable(), payloadBytes: count }).nullable().default(null),
  /** Answers by class of status, of http; null where replies have none. */
  statuses: z.record(z.enum(STATUS_CLASSES), count).nullable().default(null),
});
export type Rtt = z.infer<typeof Rtt>;

const Spread = z.object({ p50Ms: ms, minMs: ms, maxMs: ms });

/** How long one stage of an open took, over the climb. Means sum to the mean of the whole, quantiles don't. */
const Stage = z.object({ p50Ms: ms, p99Ms: ms, maxMs: ms, meanMs: ms });

/** How long open connections waited for the target, as often as they did. */
const Wait = z.object({ count, p50Ms: ms, p99Ms: ms, maxMs: ms });

/** Until TCP is established, until TLS is, until usable. */
export const STAGES = ['connecting', 'securing', 'handshaking'] as const;
export type StageName = (typeof STAGES)[number];

/** Bytes as they were said, and as they went over the wire, seen from the client. */
const SaidBytes = z.object({ in: z.number(), out: z.number(), wireIn: z.number(), wireOut: z.number() });

/** How connections were secured: as it was asked for, and what came of it. */
const SecuredLeg = LegTls.extend({
  /** What both ends agreed on, each different agreement once; none where nobody got that far. */
  agreed: z.array(Agreement),
  /** Handshakes that were completed, those of the warm-up and of all cycles included. */
  secured: count,
  /** Those of them that took up an earlier session; the share is null where there was no handshake. */
  resumed: count,
  resumedPercent: z.number().nullable(),
  /** The most open connections for which the client kept an object of its TLS library. */
  keptObjects: count,
});
export type SecuredLeg = z.infer<typeof SecuredLeg>;

/** Open connections that were lost, over the whole leg. */
const Losses = z.object({
  count,
  reasons: z.partialRecord(z.enum(CLOSE_REASONS), count),
  /** How long they had been open, and how long nothing had been said on them; null where that wasn't recorded. */
  age: Spread.nullable(),
  silence: Spread.nullable(),
  /** What that says, and of a timer how long it is; see core/stats/loss-pattern.ts. */
  pattern: z.enum(LOSS_PATTERNS),
  timerMs: Latency,
  /** The same in words; null where there are no times. */
  text: z.string().nullable(),
});

export const LegSummary = z.object({
  /** Its own in the run: the protocol, unless two legs have the same. */
  name: LegName,
  protocol: z.enum(PROTOCOLS),
  transport: z.enum(TRANSPORTS).default('plain'),
  family: z.enum(FAMILIES).default('inet'),
  /** null where it is plain. */
  tls: SecuredLeg.nullable().default(null),
  planned: count,
  peakOpen: count,
  attempts: count,
  outcomes: OutcomeCounts,
  /** null where none was. */
  losses: Losses.nullable().default(null),
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
      /** What came in on each connection while the level was held; null where that wasn't recorded. */
      received: ReceivedRate.nullable().default(null),
      /** How the connections opened that came between the level below and this one, from the planned moment. */
      opening: z.object({ opened: count, p50Ms: Latency, p99Ms: Latency, maxMs: Latency }).nullable(),
    }),
  ),
  /**
   * Why the levels don't tell what one more costs, although there are enough of them. Then there is no cost, no fit and no
   * burst. It is null where they do, or where there are too few.
   */
  inconclusive: z
    .object({
      reasons: z.array(z.object({ code: z.enum(DOUBTS), sentence: z.string(), remedy: z.string() })),
      /**
       * Rows of the ledger of one more connection with their own 95 % intervals, which the levels tell all the same: what scatters lies in
       * `userOther`, which isn't among them. Summaries of earlier versions lack them.
       */
      components: z.partialRecord(z.enum(LEDGER_COMPONENTS), EstimateSchema).default({}),
    })
    .nullable()
    .default(null),
  /** What one more costs at the top: above a knee, without the jump of a step. null below 3 levels, and where inconclusive. */
  perConnection: z
    .object({
      total: EstimateSchema.nullable(),
      user: EstimateSchema.nullable(),
      kernel: EstimateSchema.nullable(),
      /** Sizes of the kernel's objects were not read but estimated, by somebody who may not list them: see `slabBasis` of readings. */
      isKernelEstimated: z.boolean().default(false),
      /** What the target's memory cgroup is charged for it. Beside the others: the kernel doesn't charge all it spends. */
      charged: EstimateSchema.nullable(),
      /** Sum to `total.bytes`, but for `unexplained`, which is what the host grew by beyond them. */
      components: z.partialRecord(z.enum(LEDGER_COMPONENTS), bytes),
      /** The same with their 95 % intervals, but for `unexplained`. Summaries of earlier versions lack them. */
      componentEstimates: z.partialRecord(z.enum(LEDGER_COMPONENTS), EstimateSchema.nullable()).default({}),
      /**
       * What no row of `components` explains. Its interval has in it what stayed unexplained when all had closed, which
       * no connection can be blamed for. Summaries of earlier versions lack it.
       */
      unexplained: EstimateSchema.nullable().default(null),
      /**
       * How much of the reach of the intervals of `total`, `user` and `charged`, to either side, is there because heaps take memory
       * coarsely; the same sign in every launch.
       */
      coarseBytes: z.number().default(0),
      /** What it reserves of tcp_mem: whole pages for each socket with anything queued. Not memory, and in no sum. */
      tcpReservedBytes: bytes.default(null),
    })
    .nullable(),
  baselineBytes: bytes,
  /** The part of it in the heaps of all processes; null where they can't be asked. */
  baselineHeapBytes: bytes,
  /** The most user memory at any moment, garbage included. */
  peakUserBytes: bytes,
  /** Open descriptors of the target that one connection takes, at the top level: two of a proxy. */
  descriptorsPerConnection: z.number().nullable(),
  /** The line of `total`; of what there is where the kernel can't be read. */
  fit: FitSummary.nullable(),
  /** The line of all that the target's memory cgroup is charged for, the process without connections included. */
  chargedFit: FitSummary.nullable(),
  /**
   * What each closed connection left behind; intervals from 3 cycles on, and a leak only if one excludes 0. The first
   * three numbers are of user memory.
   */
  retained: RetainedSummary.extend({
    /** In the kernel: sockets that the target still holds, other open files, its descriptor table; null where that isn't known. */
    kernel: RetainedSummary.nullable().default(null),
    /** Descriptors of the target; null where nobody counts them. */
    files: z
      .object({ perClosedConnection: z.number(), low: z.number().nullable(), high: z.number().nullable() })
      .nullable()
      .default(null),
    /** User memory that the first cycle left, for each connection closed in it: what the next ones may use again. */
    firstCycleBytes: bytes.default(null),
  }).nullable(),
  /** With no connection open: the baseline, cycle 0, then after each cycle. */
  drains: z.array(
    z.object({
      cycle: count,
      closedConnections: count,
      /** User memory. */
      bytes: z.number(),
      /** Growth of the kernel's part since the baseline. */
      kernelBytes: bytes.default(null),
      openFiles: count.nullable().default(null),
    }),
  ),
  /**
   * User memory above the baseline per connection just after all came at once, before any collection or rest. It is null
   * for a target that was given neither: its `perConnection` is of that kind already.
   */
  burst: z
    .object({
      open: count,
      userBytesPerConnection: z.number(),
      /** Growth of the kernel's part, per connection. */
      kernelBytesPerConnection: bytes.default(null),
      /** User and kernel memory together, beyond that of the same number of connections at rest, per connection. */
      beyondRestBytes: bytes.default(null),
      /** The same of what the target's memory cgroup is charged for. */
      chargedBeyondRestBytes: bytes.default(null),
    })
    .nullable(),
  open: z.object({
    ratePerSecond: z.number().nullable(),
    p50Ms: Latency,
    p99Ms: Latency,
    maxMs: Latency,
    /** Processor time of the target, user and system, for each connection opened; at the most, see report/fold/opening.ts. */
    targetCpuMs: Latency,
  }),
  /** What the time from the start of an attempt to usable consists of; null where that wasn't recorded. */
  stages: z.object({ connecting: Stage, securing: Stage.nullable(), handshaking: Stage }).nullable().default(null),
  /** Between two events of one stream; comments are none. null where there were no two. */
  eventGap: Wait.nullable().default(null),
  /** From a poll to the end of its answer: how long the target held it. null where none was answered. */
  answerHeld: Wait.nullable().default(null),
  /** Beside the bytes that were said those on the wire; null where they weren't recorded. */
  bytes: z
    .object({
      /** For each connection opened on the climb; null where they exchanged messages or requests meanwhile. */
      perOpen: SaidBytes.nullable(),
      /** All that was said up to the end of the climb. */
      all: SaidBytes,
    })
    .nullable()
    .default(null),
  /** What came in on open connections; null where that wasn't recorded. */
  received: z
    .object({
      /** In all. Messages of ws, answers of http; null where the protocol has none, as tcp. */
      messages: count.nullable(),
      payloadBytes: count,
      /** While levels were held; null where none was. */
      each: ReceivedRate.nullable(),
    })
    .nullable()
    .default(null),
  /** While connections were replaced; null where they weren't. */
  churn: ChurnSummary.nullable().default(null),
  /** The top level over hours; null where that wasn't asked for. */
  soak: SoakSummary.nullable().default(null),
  /** Round trips at the top level; null while no behaviour that talks was asked for. */
  rtt: Rtt.nullable(),
  /** Connections of the top level that were cut and came back, in the first launch; null where none were. */
  storm: StormSummary.nullable().default(null),
  slow: SlowSummary.nullable().default(null),
  /** Connections of the top level that vanished, in all launches; null where none did. */
  vanish: VanishSummary.nullable().default(null),
  broadcast: BroadcastSummary.nullable().default(null),
  /** How the shares of a fleet over several machines differ; null where one machine held all. */
  shares: SharesSummary.nullable().default(null),
  /**
   * Several launches: the cost of each (total, or user where that is all), and how far they scatter; null for one. The
   * intervals of `perConnection` are over launches then.
   */
  launches: z.object({ count, bytes: z.array(z.number()), coefficientOfVariation: z.number().nullable() }).nullable(),
});
export type LegSummary = z.infer<typeof LegSummary>;
/** What came of that which befell its connections, beyond opening, being held and closing. */
export type Doings = Pick<LegSummary, 'churn' | 'soak' | 'storm' | 'slow' | 'vanish' | 'broadcast'>;
