/**
 * The run record: what a run folder holds. `run.json` is one {@link RunFile}; `samples.jsonl` has one {@link Sample} a
 * line, `events.jsonl` one {@link RunEvent} a line. All times are ms since the run began. Schema 1; unknown keys are
 * kept out when reading, so a newer minor addition doesn't hide what is understood.
 */
import { z } from 'zod';
import { PROTOCOLS } from '../protocols/names.ts';
import { EstimateSchema } from '../stats/slope.ts';
import { CLOSE_REASONS, OUTCOMES } from '../values/outcomes.ts';
import { PHASES } from '../values/plan.ts';
import { RUNTIME_KINDS } from '../values/runtimes.ts';
import { redactConfig, redactText } from '../values/secrets.ts';
import { RUN_STATUSES, SUMMARY_STATUSES } from '../values/statuses.ts';
import { BroadcastSample } from './broadcast.ts';
import { ChurnSpan, DriftPoint } from './churn.ts';
import { CloseReasonCounts, CountsSchema, OutcomeCounts } from './counts.ts';
import { DoingNow } from './doing-now.ts';
import { Environment } from './environment.ts';
import { HeldLeg } from './held-leg.ts';
import { RecordedLeg } from './leg.ts';
import { LegName, withLegName } from './leg-name.ts';
import { Readings } from './readings.ts';
import { SAMPLE_AT } from './sample-at.ts';
import { ShareBehind, ShareMoved } from './share-events.ts';
import { RESIDUALS } from './share-residual.ts';
import { SHARES } from './share-state.ts';
import { SlowEpisode } from './slow.ts';
import { StormSample } from './storm.ts';
import { Received, Talk } from './talk.ts';
import { StageTimes, TimesSchema, WaitTimes } from './times.ts';
import { Agreement } from './tls.ts';
import { VanishSample } from './vanish.ts';

export const RECORD_SCHEMA = 1;

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/** Older versions recorded URLs whole. */
export const ShownText = z.string().transform((text) => redactText(text));

/** How a leg stands, cumulative since it began: enough to report on it when nothing comes after. */
export const LegProgress = z.object({
  counts: CountsSchema,
  outcomes: OutcomeCounts,
  closeReasons: CloseReasonCounts,
  openPlanned: TimesSchema,
  openActual: TimesSchema,
  stages: StageTimes,
  /** Bytes as they were said, and as they were on the wire; null in older records. */
  bytes: z.object({ in: count, out: count, wireIn: count, wireOut: count }).nullable().default(null),
  /** Since the leg began; null in older records. */
  received: Received.nullable().default(null),
  /** What came of TLS; null where there is none. */
  tls: z
    .object({
      secured: count,
      /** Those that took up an earlier session. */
      resumed: count,
      /** Open connections for which the client keeps an object of its TLS library. */
      keptObjects: count,
    })
    .nullable()
    .default(null),
  lag: TimesSchema,
  /** Lateness that is the client's own: there was room in the window. */
  ownLag: TimesSchema,
  /** From the start of an attempt until it had failed. */
  failedAfter: TimesSchema.default([]),
  waits: WaitTimes,
  /** Open connections that the peer closed or reset, or that broke; null where there was none. */
  losses: z
    .object({
      /** How long each had been open. */
      age: TimesSchema,
      /** How long nothing had been said on it, by either side and by us. */
      silence: TimesSchema,
      unsaid: TimesSchema,
      /** From the first to the last. */
      spanMs: ms,
    })
    .nullable()
    .default(null),
  /** Ms spent ramping to levels so far, and connections opened in that time: what "opens per second" comes from. */
  rampMs: ms,
  rampOpened: count,
});
export type LegProgress = z.infer<typeof LegProgress>;

/** A few times a second: where the run is. */
const Tick = z.object({
  type: z.literal('tick'),
  ...SAMPLE_AT,
  phase: z.enum(PHASES),
  /** Connections wanted in this phase. */
  level: count,
  counts: CountsSchema,
  outcomes: OutcomeCounts,
  /** Since the leg began; null in older records. */
  received: Received.nullable().default(null),
  /** User memory of the target, when it can be read cheaply. */
  targetBytes: z.number().nullable(),
  generatorRssBytes: z.number(),
  generatorCpuSeconds: z.number(),
  ...SHARES,
  ...DoingNow.shape,
});

/** One memory point, taken while open = level: before (baseline), at (hold) and after (retained) the levels; churn, burst: see Phase. */
const MemoryPoint = z.object({
  type: z.literal('memory'),
  ...SAMPLE_AT,
  phase: z.enum(['baseline', 'hold', 'churn', 'retained', 'burst']),
  level: count,
  /** Which climb it belongs to, from 0; the baseline belongs to the first, and a burst to the last. */
  cycle: count,
  /** Whether two windows agreed before the settle timeout ran out. */
  settled: z.boolean(),
  /** User memory in each settle window, in bytes, oldest first. */
  windows: z.array(z.number()),
  /** The reading that counts: garbage collected where the target can do that. */
  readings: Readings,
  /** The same moment before any collection was forced; null where the target can't be told to collect. */
  unforced: Readings.nullable(),
  /**
   * The client's own memory right after its own garbage was collected, in bytes; null where it wasn't, and in older records. What
   * connections of its say until the reading leaves garbage, which is no cost of a connection.
   */
  generatorCollectedBytes: z.number().nullable().default(null),
  /** null for behaviours to which nothing comes back, and outside of levels. */
  talk: Talk.nullable(),
  /** Connections per second that were replaced meanwhile; absent where none was. */
  turnoverPerSecond: z.number().optional(),
  /** What came in while a level was held, from before its first reading to after its last; null elsewhere and in older records. */
  held: Received.extend({ durationMs: ms }).nullable().default(null),
  ...SHARES,
  ...RESIDUALS,
  progress: LegProgress,
});
export type MemoryPoint = z.infer<typeof MemoryPoint>;

/** The end of a leg in one launch, reached or not. */
const LegEnd = z.object({ type: z.literal('leg-end'), ...SAMPLE_AT, ...SHARES, progress: LegProgress });

/** A share of a level's connections read slowly. */
const SlowSample = z.object({ type: z.literal('slow'), ...SAMPLE_AT, ...SlowEpisode.shape, progress: LegProgress });
export type SlowSample = z.infer<typeof SlowSample>;

/** Connections vanished, once the top was read; see ./vanish.ts. */
const VanishEpisode = VanishSample.extend({ ...SAMPLE_AT, progress: LegProgress });
export type VanishEpisode = z.infer<typeof VanishEpisode>;

/** A share of a level's connections was cut, and came back. */
const StormEpisode = StormSample.extend({ ...SAMPLE_AT, progress: LegProgress });
export type StormEpisode = z.infer<typeof StormEpisode>;

export const Sample = z.discriminatedUnion('type', [
  Tick,
  MemoryPoint,
  SlowSample,
  StormEpisode,
  LegEnd,
  VanishEpisode,
  DriftPoint,
  ChurnSpan,
  BroadcastSample,
]);
export type Sample = z.infer<typeof Sample>;

/** Whether it says how its leg stands. */
export const hasProgress = (sample: Sample): sample is Extract<Sample, { readonly progress: LegProgress }> =>
  'progress' in sample;

export const RunEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('phase'), ...SAMPLE_AT, phase: z.enum(PHASES), level: count }),
  /** A soak that was interrupted is gone on with: what ended the run before did not. */
  z.object({ type: z.literal('gone-on'), ...SAMPLE_AT }),
  /** Something that went wrong with connections; each different one once per worker. */
  z.object({
    type: z.literal('trouble'),
    ...SAMPLE_AT,
    what: z.union([z.enum(OUTCOMES), z.enum(CLOSE_REASONS)]),
    detail: ShownText,
    /** For an open connection that was lost: how long it had been open, and how long neither side had said anything. */
    openMs: ms.optional(),
    silentMs: ms.optional(),
  }),
  /** What connections agreed on about TLS, each different agreement once. */
  z.object({ type: z.literal('agreed'), ...SAMPLE_AT, agreement: Agreement }),
  ShareMoved,
  ShareBehind,
  /** The Redis of a fleet is there again; `isEmpty`: without what was in it, so its shares were added anew. */
  z.object({ type: z.literal('redis-back'), ...SAMPLE_AT, awayMs: ms, isEmpty: z.boolean() }),
  /** `code`: of core/values/warnings.ts; records of earlier versions have none. */
  z.object({ type: z.literal('warning'), elapsedMs: ms, text: ShownText, code: z.string().optional() }),
  /** Why the run ended early. The first one counts. */
  z.object({ type: z.literal('error'), elapsedMs: ms, code: z.string(), message: ShownText, hint: ShownText }),
  /** What the target printed last, when it ended by itself. */
  z.object({ type: z.literal('target-output'), elapsedMs: ms, text: ShownText }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

const PlanSchema = z.object({
  legs: z.array(RecordedLeg),
  launches: count.min(1),
});

export const TARGET_KINDS = ['builtin', 'command', 'pid', 'exporter', 'url'] as const;

/** A run by itself: what two runs are compared by, beside what they measured. */
const RunFacts = z.object({
  schema: z.literal(RECORD_SCHEMA),
  name: z.string(),
  startedAt: z.iso.datetime(),
  /** null while running, and for ever when the client was killed. */
  finishedAt: z.iso.datetime().nullable(),
  /** What the run came to; `running` when it never got to say. */
  status: z.enum(RUN_STATUSES),
  exitCode: z.number().int().nullable(),
  /** Everything as parsed, defaults included; without what is secret in it. */
  config: z.record(z.string(), z.unknown()).transform(redactConfig),
  plan: PlanSchema,
  environment: Environment,
  target: z.object({
    kind: z.enum(TARGET_KINDS),
    name: ShownText,
    urls: z.array(ShownText),
    pid: z.number().nullable(),
    /** Descriptors one process of the target may have, and how many processes share the load; null when not known. */
    descriptorLimit: z.number().nullable(),
    processes: z.number().nullable(),
    /** What its processes run on, by their executables; null where nobody looked. */
    runtime: z.enum(RUNTIME_KINDS).nullable().default(null),
    /** What was built for the run; null for every other target. */
    built: z
      .object({
        name: z.string(),
        language: z.string(),
        what: z.string(),
        /** Programs it was built and run with, and what they said of themselves. */
        tools: z.array(z.object({ name: z.string(), version: z.string(), said: z.string() })),
        /** Bytes of what would be put on a server. */
        deployedBytes: count,
      })
      .nullable()
      .default(null),
  }),
  generator: z.object({
    engine: z.string(),
    /** The client's process; absent in older records. */
    pid: count.optional(),
    /** For each leg of the plan. */
    legs: z.array(HeldLeg),
  }),
});

/** All that a run keeps of an earlier one, whose folder may be gone by the time of a report. */
const EarlierRun = z.object({
  /** As it was given. */
  folder: z.string(),
  /** Without what that one was compared with. */
  run: RunFacts,
  /** By its summary; its own record knows of no threshold. */
  status: z.enum(SUMMARY_STATUSES),
  /** What of its record could not be read. */
  problems: z.array(z.string()),
  /** What one more connection cost, with its 95 % interval, which is over launches where there were several. */
  legs: z.array(
    withLegName(
      'name',
      z.object({
        name: LegName,
        protocol: z.enum(PROTOCOLS),
        launches: count.min(1),
        rSquared: z.number().nullable(),
        /** What came of TLS; null where it was plain, and in older records. */
        tls: z
          .object({ agreed: z.array(Agreement), resumedPercent: z.number().nullable() })
          .nullable()
          .default(null),
        total: EstimateSchema.nullable(),
        user: EstimateSchema.nullable(),
        /** The share of both intervals that no number of launches makes smaller. */
        coarseBytes: z.number().default(0),
      }),
    ),
  ),
});
export type EarlierRun = z.infer<typeof EarlierRun>;

export const RunFile = RunFacts.extend({
  /** What the run was to be held against (--baseline), and by how much a cost might grow. */
  baseline: EarlierRun.extend({ maxGrowthPercent: z.number().nonnegative() }).optional(),
});
export type RunFile = z.infer<typeof RunFile>;
