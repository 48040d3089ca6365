/**
 * A leg: one group of connections that climbs and drains alone, so that its cost can be told apart. It carries all that
 * its connections are, and is passed whole. What a run records of it is a {@link RecordedLeg}.
 */
import { z } from 'zod';
import { BEHAVIOURS, type BehaviourPlan } from '../behaviours/behaviours.ts';
import { DATA_ORDERS } from '../opening/data-order.ts';
import { PROTOCOLS } from '../protocols/names.ts';
import { FAMILIES, TRANSPORTS } from '../protocols/schemes.ts';
import { redactText, redactUrl } from '../values/secrets.ts';
import { LegName, withLegName } from './leg-name.ts';
import { LegTls } from './tls.ts';

/** How connections are closed: by a close handshake and FIN, or by RST. */
export const CLOSE_MODES = ['graceful', 'reset'] as const;
export type CloseMode = (typeof CLOSE_MODES)[number];
/** Whether ws messages are compressed. */
export const DEFLATE_MODES = ['off', 'on', 'no-context-takeover'] as const;
export type DeflateMode = (typeof DEFLATE_MODES)[number];

const count = z.number().int().nonnegative();

/** In a newer version it may be one that isn't known here. A path is for the target alone. */
const Behaviour = z
  .custom<BehaviourPlan>((value) => BEHAVIOURS.some((kind) => kind === (value as BehaviourPlan | null)?.kind))
  .transform(redactBehaviour);

/** Names and counts alone: what is said is nobody else's to read. */
const LegOpeningRecord = z.object({
  dialect: z.string().nullable(),
  /** Names of headers that requests have beside the usual. */
  headers: z.array(z.string()),
  subprotocols: z.array(z.string()),
  steps: count,
  rules: count,
  /** Whether a module of the user's says the rest. */
  module: z.boolean().default(false),
  /** Rows of the data that connections are told apart by; null: they have none. */
  rows: count.nullable(),
  /** Which row each has. */
  order: z.enum(DATA_ORDERS).nullable(),
});
export type LegOpeningRecord = z.infer<typeof LegOpeningRecord>;

const LegShape = z.object({
  /** What it is called everywhere; no two legs of a run have the same: see {@link nameLegs}. */
  name: LegName,
  /** Where its connections go, as it may be shown; null: to a server of ours. */
  url: z
    .string()
    .transform((text) => redactText(text))
    .nullable()
    .default(null),
  protocol: z.enum(PROTOCOLS),
  transport: z.enum(TRANSPORTS).default('plain'),
  family: z.enum(FAMILIES).default('inet'),
  /** null: it is plain. */
  tls: LegTls.nullable().default(null),
  /** What open connections do; null where the record is too old to say it of a leg. So it is with the next two. */
  behaviour: Behaviour.nullable().catch(null).default(null),
  close: z.enum(CLOSE_MODES).nullable().default(null),
  perMessageDeflate: z.enum(DEFLATE_MODES).nullable().default(null),
  /** What its connections say until they are open, beyond what their protocol does; null: nothing. */
  opening: LegOpeningRecord.nullable().catch(null).default(null),
  /** Connections opened and closed together before the baseline, so that one-time costs are paid by then. May be 0. */
  warmUp: count,
  /** Open connections at each hold, strictly ascending; each above `warmUp`, or what it frees would look free. */
  levels: z.array(count),
  /** Opens per second while ramping, over the whole fleet; > 0. */
  connectsPerSecond: z.number().positive(),
  /** How often it climbs and drains, ≥ 1. Only the first climb stops at each level; later ones go to the top. */
  cycles: count.min(1),
});

/** In run.json. */
export const RecordedLeg = withLegName('name', LegShape);
export type RecordedLeg = z.infer<typeof LegShape>;

type Known = 'behaviour' | 'close' | 'perMessageDeflate';

/** As it is walked. */
export type Leg = Readonly<
  Omit<RecordedLeg, Known | 'levels'> & {
    readonly levels: readonly number[];
  } & { readonly [K in Known]: NonNullable<RecordedLeg[K]> }
>;

/** What others may read of it. */
export function toRecordedLeg({ levels, behaviour, ...leg }: Leg): RecordedLeg {
  return { ...leg, behaviour: redactBehaviour(behaviour), levels: [...levels] };
}

function redactBehaviour<Plan extends BehaviourPlan>(behaviour: Plan): Plan {
  if ('beside' in behaviour) return { ...behaviour, beside: redactBehaviour(behaviour.beside) };
  return 'path' in behaviour && typeof behaviour.path === 'string'
    ? { ...behaviour, path: redactUrl(behaviour.path) }
    : behaviour;
}
