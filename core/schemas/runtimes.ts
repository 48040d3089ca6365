import { z } from 'zod';
import { PROTOCOLS } from '../protocols/names.ts';
import { TRANSPORTS } from '../protocols/schemes.ts';
import { EstimateSchema } from '../stats/slope.ts';

/**
 * What is asked of each target: what a connection costs, what 100,000 take, and how fast answers come with more and more
 * connections open. Answers of `times` come from a server that has nothing else to do. For `work` it has to compute each of them,
 * and for `overload` it is asked for more of that than one core can do.
 */
export const KINDS = ['memory', 'many', 'times', 'work', 'overload'] as const;
export type Kind = (typeof KINDS)[number];

/** What goroutines that do nothing but wait take, without any connection. */
const Goroutines = z.object({ count: z.number(), bytes: z.number(), bytesEach: z.number() });
export type Goroutines = z.infer<typeof Goroutines>;

const bytes = z.number().nullable();
const ms = z.number().nullable();
const Estimate = EstimateSchema.nullable();

/** Answers with so many connections open: medians over launches; null where none came. */
const Times = z.object({
  open: z.number(),
  p50Ms: ms,
  p99Ms: ms,
  /** One for each launch. */
  p99sMs: z.array(ms),
  lost: z.number(),
});
export type Times = z.infer<typeof Times>;

/** What one target came to by one protocol over one transport. */
const RuntimeResult = z.object({
  target: z.string(),
  language: z.string(),
  protocol: z.enum(PROTOCOLS),
  transport: z.enum(TRANSPORTS).default('plain'),
  threadPerConnection: z.boolean(),
  /**
   * What one more connection costs, over launches, by the largest number of connections that was measured: heaps that are
   * collected now and then tell little by few. null: not measured.
   */
  memory: z
    .object({
      launches: z.number(),
      /** The top level of what the cost is from. */
      upTo: z.number(),
      total: Estimate,
      user: Estimate,
      kernel: Estimate,
      baselineBytes: bytes,
      /** What the first connections of all took, user space and kernel, above the baseline. */
      first: z.object({ open: z.number(), growthBytes: bytes }),
    })
    .nullable(),
  /** All memory with the most connections open; null: not measured, see `manyRefused`. */
  many: z
    .object({
      launches: z.number(),
      open: z.number(),
      totalBytes: bytes,
      userBytes: bytes,
      kernelBytes: bytes,
      processes: z.number().nullable(),
    })
    .nullable(),
  /** Why it can't hold so many here. */
  manyRefused: z.string().nullable(),
  times: z.array(Times),
  work: z.array(Times),
  overload: z.array(Times),
});
export type RuntimeResult = z.infer<typeof RuntimeResult>;

const VERDICTS = ['holds', 'does not hold', 'depends', 'not measured'] as const;

/** `runtimes.json`, schema 1: what servers in several languages came to on one machine. */
export const RuntimesResult = z.object({
  schema: z.literal(1),
  connrigVersion: z.string(),
  quick: z.boolean(),
  /** What was asked of all: launches of each server, and how much a second. */
  plan: z.object({
    launches: z.number(),
    timesPerSecond: z.number(),
    talkMs: z.number(),
    overloadTalkMs: z.number(),
    workPerSecond: z.number(),
    overloadPerSecond: z.number(),
    workMs: z.number(),
  }),
  isWhole: z.boolean(),
  targets: z.array(
    z.object({
      name: z.string(),
      language: z.string(),
      what: z.string(),
      tools: z.string(),
      state: z.enum(['measured', 'skipped', 'failed']),
      /** Why it isn't `measured`, or what it failed in; in its own words where it has some. */
      said: z.string(),
      /** What would be put on a server, without the runtime that it needs there. */
      deployed: z.object({ bytes: z.number(), files: z.number() }).nullable(),
    }),
  ),
  goroutines: Goroutines.nullable(),
  results: z.array(RuntimeResult),
  claims: z.array(
    z.object({
      claim: z.string(),
      /** The rule by which the verdict is said. */
      rule: z.string(),
      measured: z.string(),
      verdict: z.enum(VERDICTS),
      /** What it depends on; empty for other verdicts. */
      detail: z.string(),
    }),
  ),
});
export type RuntimesResult = z.infer<typeof RuntimesResult>;
export type Claim = RuntimesResult['claims'][number];
