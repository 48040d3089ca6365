/**
 * What a conductor and workers on other machines say to each other through Redis. All of it is checked when it is read: it comes from
 * another process, and maybe from another version. Where the fleet has a token, each of them is signed (said.ts), and what is secret is
 * sealed (seal.ts).
 *
 *     queue   {prefix}:shares         one BullMQ job a share: who has it holds the lease; with a token its name has a word of that
 *     stream  {prefix}:RUN:orders     what the conductor wants, the newest is in force
 *     hash    {prefix}:RUN:reports    by share: what its connections have counted, since its generation began
 *     stream  {prefix}:RUN:events     what workers say once: troubles, agreements, that they are fenced
 *     key     {prefix}:RUN:conductor  its beat; gone when it hasn't said for a while that it lives
 *     key     {prefix}:RUN:begun      there as long as Redis has all of the run
 *     hash    {prefix}:RUN:rows:SHARE rows of its connections, see rows-in-redis.ts
 *     hash    {prefix}:workers        by worker: what a machine offers, and when it last said so
 */
import { z } from 'zod';
import { CLOSE_REASONS, OUTCOMES } from '../../core/values/outcomes.ts';
import { ENGINES } from '../engines/index.ts';
import { HISTOGRAMS, WIRE_VERSION } from '../wire.ts';
import { TallyMessage } from '../wire-schemas.ts';
import { SaidSlow, SaidVanished } from './ends-said.ts';
import { fleetWord } from './seal.ts';

const count = z.number().int().nonnegative();
const wire = z.literal(WIRE_VERSION);

/** How far the time of day on a machine is from that of Redis, in ms: what is to be added to it, right within half of the spread. */
const WallClock = z.strictObject({ offsetMs: z.number(), spreadMs: z.number().nonnegative() });

/** A share of a run: the data of its job. A worker can begin with this alone. */
export const ShareJob = z.strictObject({
  wire,
  /** That of connrig: others are refused, since a share is no better than the code that holds it. */
  version: z.string(),
  run: z.string(),
  /** Raised when the conductor adds shares anew, since Redis came back without them; one of an earlier epoch is let go of. */
  epoch: count,
  share: count,
  shares: count.min(1),
  /** The most connections that it may be asked to hold; a worker with less room holds fewer. */
  capacity: count,
  /** What its connections are: a plan in JSON, sealed, in base64. */
  plan: z.string(),
  /** All the others, signed with the fleet's token; empty without one. */
  signature: z.string(),
});
export type ShareJob = z.infer<typeof ShareJob>;

/** What is wanted now. Sent whole each time, so that one who comes late needs no earlier one. */
export const FleetOrder = z.strictObject({
  wire,
  epoch: count,
  /** Grows by one with each order. */
  seq: count,
  /** When the ramp begins, in µs by the clock of Redis; later than when the order was sent. */
  atMicros: z.number().nonnegative(),
  /** Connections and opens per second of each share, in the order of shares. */
  wanted: z.array(count),
  perSecond: z.array(z.number().positive()),
  /** How much later than `atMicros` each share begins, in µs: so machines don't open in step. */
  offsetMicros: z.array(z.number().nonnegative()),
  stop: z.boolean(),
  collections: count,
  talking: z.boolean(),
  episodes: count,
});
export type FleetOrder = z.infer<typeof FleetOrder>;

/** What a share has counted. Only the newest generation counts, and of that the highest number. */
export const ShareReport = z.strictObject({
  wire,
  share: count,
  /** Raised each time that a share begins anew, here or elsewhere: `HINCRBY` gives it out. */
  generation: count,
  number: count,
  /** The order that all threads have taken up. */
  seq: count,
  host: z.string(),
  /** What is to be added to moments of this machine to have them by the clock of Redis, in ms. */
  offsetMs: z.number(),
  tally: TallyMessage,
  /** Distributions that have changed since this generation's last report that was taken, as `[µs, count]` pairs, whole and not what was added. */
  distributions: z.partialRecord(z.enum(HISTOGRAMS), z.array(z.tuple([z.number().nonnegative(), count]))),
  /** Processor time of the process that holds the connections, in s, and its memory. */
  cpuSeconds: z.number().nonnegative(),
  rssBytes: count,
  worker: z.string(),
  clock: WallClock,
});
export type ShareReport = z.infer<typeof ShareReport>;

/** Said once, in words where it is for people. */
export const ShareEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('trouble'),
    share: count,
    host: z.string(),
    what: z.enum([...OUTCOMES, ...CLOSE_REASONS]),
    detail: z.string(),
    openMs: z.number().nonnegative().optional(),
    silentMs: z.number().nonnegative().optional(),
  }),
  z.strictObject({ type: z.literal('agreed'), share: count, host: z.string(), agreement: z.unknown() }),
  /** It can hold up to `capacity` connections of it. */
  z.strictObject({
    type: z.literal('ready'),
    share: count,
    generation: count,
    host: z.string(),
    worker: z.string(),
    capacity: count,
    cores: count,
  }),
  /** Which of its connections read slowly from now on; in parts. */
  z.strictObject({ type: z.literal('slow'), share: count, ends: z.array(SaidSlow) }),
  /** Some that have vanished, in which episode. */
  z.strictObject({ type: z.literal('vanished'), share: count, episode: count, some: z.array(SaidVanished) }),
  /** All its connections were reset, since the lease was not renewed in time. */
  z.strictObject({ type: z.literal('fenced'), share: count, generation: count, host: z.string() }),
  /** All its connections were closed, for another reason. */
  z.strictObject({ type: z.literal('over'), share: count, generation: count, host: z.string() }),
  /** It can't hold the share: another version, a plan that doesn't fit, an error of ours. */
  z.strictObject({
    type: z.literal('refused'),
    share: count,
    host: z.string(),
    code: z.string(),
    sentence: z.string(),
    /** What can be done there. */
    hint: z.string().optional(),
  }),
]);
export type ShareEvent = z.infer<typeof ShareEvent>;

/** Said again and again: that a conductor lives. */
export const ConductorBeat = z.strictObject({
  wire,
  epoch: count,
  /** Grows each time, over all epochs. */
  beat: count,
  /** When it was said, in ms by the clock of Redis. */
  atMs: z.number(),
});
export type ConductorBeat = z.infer<typeof ConductorBeat>;

/** A machine that waits for shares, or has one. */
export const WorkerOffer = z.strictObject({
  wire,
  version: z.string(),
  worker: z.string(),
  host: z.string(),
  /** When it last said so, in ms by the clock of Redis. */
  seenAtMs: z.number(),
  offsetMs: z.number(),
  /** Open files that a process may have, and the most connections that it is to hold (`--max`); null: no bound is known. */
  descriptors: count.nullable(),
  most: count.nullable(),
  cores: count,
  memoryBytes: count,
  node: z.string(),
  engine: z.enum(ENGINES),
  /** The share that it has; null: it waits. */
  share: count.nullable(),
  run: z.string().nullable(),
  /** Open files that all processes of its machine may still have; ports for each pair of a source and a destination. */
  systemFilesLeft: count.nullable(),
  ports: count.nullable(),
  /** Addresses of its own to connect from (`--source`); 0: the system chooses. */
  sources: count,
  /** What was left of the machine's memory, and of what its container may take, when it took a share last. */
  memoryAvailableBytes: z.number().nonnegative(),
  memoryLimitBytes: z.number().nonnegative(),
  /** Workers with the same share a kernel, and of these with the same network its ports. */
  machine: z.string(),
  network: z.string(),
  clock: WallClock,
  /** So long its lease is its own after it was renewed last. */
  lockMs: z.number().positive(),
});
export type WorkerOffer = z.infer<typeof WorkerOffer>;

/** Entries of streams have one field, with the message as JSON. */
export const ENTRY_FIELD = 'json';

/** Keys of a fleet. All have the same hash tag, so that they lie together in a cluster. */
export const fleetKeys = (prefix: string, run = '') =>
  ({
    /** Where BullMQ keeps its queues. */
    queuePrefix: `{${prefix}}`,
    workers: `{${prefix}}:workers`,
    orders: `{${prefix}}:${run}:orders`,
    reports: `{${prefix}}:${run}:reports`,
    generations: `{${prefix}}:${run}:generations`,
    events: `{${prefix}}:${run}:events`,
    conductor: `{${prefix}}:${run}:conductor`,
    begun: `{${prefix}}:${run}:begun`,
    /** With `:SHARE` behind it; see rows-in-redis.ts. */
    rows: `{${prefix}}:${run}:rows`,
  }) as const;

/** The name of the queue there. Those who have another token have another queue: they neither take shares of ours nor add any. */
export const queueOf = (token: string | undefined): string =>
  token === undefined ? 'shares' : `shares-${fleetWord(token)}`;
