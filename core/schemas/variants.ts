import { z } from 'zod';
import { LEDGER_COMPONENTS } from '../ledger/ledger.ts';
import { WORDS } from '../stats/difference.ts';
import { EstimateSchema } from '../stats/slope.ts';

/** What is told of one more connection: sums first, then every row of the ledger. */
const VARIANT_PARTS = ['total', 'user', 'kernel', 'charged', ...LEDGER_COMPONENTS] as const;
export type VariantPartName = (typeof VARIANT_PARTS)[number];

const DifferenceSchema = EstimateSchema.extend({ percent: z.number().nullable(), word: z.enum(WORDS) });
const count = z.number().int().nonnegative();

/** One thing that a connection costs, by one variant; in bytes. */
const VariantPart = z.object({
  part: z.enum(VARIANT_PARTS),
  bytes: z.number(),
  /** 95 %; null for what no row explains, and where levels don't tell. */
  interval: EstimateSchema.nullable(),
  /** To the base, with its 99 % interval; null for the base itself, and where either has no interval. */
  difference: DifferenceSchema.nullable(),
  /** To the base, also where there is no interval. */
  differenceBytes: z.number().nullable(),
});
export type VariantPart = z.infer<typeof VariantPart>;

const VariantResult = z.object({
  name: z.string(),
  /** The command that asks for a run of it, without secrets. */
  again: z.string(),
  /** How its connections are carried: a leg's name, such as `ws` or `wss`. */
  leg: z.string(),
  /** Runs that were to be made, and those of which the cost is known. */
  planned: count,
  measured: count,
  /** `failed`: no cost is known, or a run of it failed. */
  state: z.enum(['measured', 'failed', 'missing']),
  /** Why it failed, in the words of its run; empty for others. */
  said: z.string(),
  /** How its last run that failed ended; null for others, and where a signal ended it. */
  exitCode: z.number().int().nullable(),
  /** Connections at the top. */
  upTo: count,
  baselineBytes: z.number().nullable(),
  /** What one that reads slowly takes besides, while it does: no level tells it. null where none did. */
  slow: z.object({ user: EstimateSchema.nullable(), kernel: EstimateSchema.nullable() }).nullable().default(null),
  /** What one more costs while connections are replaced: levels are read at rest before. null where none were. */
  churn: z.object({ interval: EstimateSchema, difference: DifferenceSchema.nullable() }).nullable().default(null),
  /** None where nothing was measured. */
  parts: z.array(VariantPart),
});
export type VariantResult = z.infer<typeof VariantResult>;

/**
 * `variants.json`, schema 1: what one more connection costs a server in several ways to load it, each held against the first.
 * It is there from the beginning, and what was interrupted is gone on with by it.
 */
export const VariantsResult = z.object({
  schema: z.literal(1),
  connrigVersion: z.string(),
  /** All was done that was to be done, whatever came of it. */
  isWhole: z.boolean(),
  /** The order of the runs follows from it. */
  seed: z.number().int(),
  repeats: count,
  target: z.string().nullable(),
  /** The base first. */
  variants: z.array(VariantResult),
  /** The runs in the order in which they were to be made; those that never began are missing. */
  runs: z.array(
    z.object({
      folder: z.string(),
      variant: z.string(),
      repeat: count,
      state: z.enum(['measured', 'kept', 'failed', 'left']),
      exitCode: z.number().int().nullable(),
      startedAt: z.iso.datetime().nullable(),
    }),
  ),
  /** What has to be known before the numbers are believed. */
  warnings: z.array(z.string()),
});
export type VariantsResult = z.infer<typeof VariantsResult>;
