/**
 * `find-limit.json`, schema 1: a search for the limit of a target, with every step that it made. Written after each repeat, so that a
 * search that was interrupted goes on.
 */
import { z } from 'zod';
import { SEARCH_ENDS } from '../limit/limit-search.ts';
import { REPEAT_STATES } from '../limit/step-verdict.ts';
import { ShownText } from './record.ts';

export const FIND_LIMIT_SCHEMA = 1;
export const FIND_LIMIT_FILE = 'find-limit.json';

const count = z.number().int().nonnegative();

/** What is raised until something breaks: open connections, or opens or messages a second. */
export const LIMITED = ['connections', 'opens', 'messages'] as const;
export type Limited = (typeof LIMITED)[number];

/** How a search stands: as {@link SEARCH_ENDS}, or `gone`: the target was no longer there, as after a step that it didn't survive. */
const SEARCH_STATUSES = ['running', 'interrupted', 'failed', 'gone', ...SEARCH_ENDS] as const;

const Value = z.object({
  objective: z.string(),
  /** In ms, percent or bytes; null where it isn't known, which has not held. */
  value: z.number().nullable(),
  holds: z.boolean(),
});

const Repeat = z.object({
  /** Its run folder, within that of the search. */
  folder: z.string(),
  state: z.enum(REPEAT_STATES),
  /** It decides its step alone: it would go like this again, or do harm. */
  isFinal: z.boolean(),
  values: z.array(Value),
  /** What broke, in words; null where all held. */
  by: ShownText.nullable(),
  /** How its run ended, where it didn't go all the way. */
  error: z.object({ code: z.string(), message: ShownText }).nullable(),
});
export type Repeat = z.infer<typeof Repeat>;

const SearchStep = z.object({
  /** Connections, or opens or messages a second. */
  at: count.min(1),
  /** null while repeats are missing. */
  verdict: z.enum(REPEAT_STATES).nullable(),
  repeats: z.array(Repeat),
});
export type SearchStep = z.infer<typeof SearchStep>;

/** What a search is for: one that asks for something else is another search. */
const SearchQuestion = z.object({
  of: z.enum(LIMITED),
  objectives: z.array(z.string()),
  memoryLimitBytes: z.number().nullable(),
  repeats: count.min(1),
  holdMs: z.number().positive(),
  /** The command, but for what doesn't change a step. Without secrets. */
  command: z.string(),
});
export type SearchQuestion = z.infer<typeof SearchQuestion>;

export const FindLimit = z.object({
  schema: z.literal(FIND_LIMIT_SCHEMA),
  connrigVersion: z.string(),
  startedAt: z.iso.datetime(),
  /** null while it goes on. */
  finishedAt: z.iso.datetime().nullable(),
  status: z.enum(SEARCH_STATUSES),
  exitCode: z.number().int().nullable(),
  question: SearchQuestion,
  target: z.object({ name: ShownText, urls: z.array(ShownText) }),
  within: z.number().positive(),
  maxSteps: count.min(1),
  /** The first guess, and what it comes from. */
  from: z.object({ at: z.number().positive(), why: z.string() }),
  /** No step is larger; `isAsked`: that was wanted, and is not what this machine can do. */
  most: z.object({ at: z.number().positive(), why: z.string(), isAsked: z.boolean() }),
  steps: z.array(SearchStep),
  /** Where the limit lies; null: no step held, or none broke. */
  bracket: z.object({
    held: z.object({ at: count, times: count, of: count }).nullable(),
    broke: z.object({ at: count, by: ShownText, isClient: z.boolean() }).nullable(),
  }),
  /** Why it ended before it was through; null where it wasn't. */
  error: z.object({ code: z.string(), message: ShownText, hint: ShownText }).nullable(),
});
export type FindLimit = z.infer<typeof FindLimit>;
