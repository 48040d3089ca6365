/** An opening as people write it, in a config file or as a dialect's data file. Every text may have holes. */
import { z } from 'zod';
import { SCHEMES } from '../protocols/schemes.ts';
import { parseQuantity } from '../values/units.ts';
import { CODECS } from './plan.ts';

const DURATION = { error: 'write a time such as 5s or 250ms' };
const duration = z.string(DURATION).refine((text) => (parseQuantity('duration', text) ?? -1) >= 0, DURATION);
const text = z.string();
/** As the codec has it; it checks them itself. */
const packet = z.record(z.string(), z.unknown());

/** A dialect's steps, and parts of what they say, may depend on a parameter: on whether it is neither empty nor 0. */
const depends = { if: text.optional() };

/** A text or JSON, one behind the other. */
const Piece = z.union([text, z.strictObject({ ...depends, text }), z.strictObject({ ...depends, json: z.unknown() })]);
export type PieceFormat = z.infer<typeof Piece>;

/** What is said: a text, or one of these. */
export const MessageFormat = z.union([
  text,
  z.array(Piece),
  z.strictObject({ text }),
  z.strictObject({ json: z.unknown() }),
  z.strictObject({ hex: text }),
  z.strictObject({ file: text }),
  z.strictObject({ mqtt: packet }),
]);
export type MessageFormat = z.infer<typeof MessageFormat>;

/** What is waited for: exactly a text, or one of these. */
export const PatternFormat = z.union([
  text,
  z.strictObject({ text }),
  z.strictObject({ prefix: text }),
  z.strictObject({ contains: text }),
  z.strictObject({ json: z.unknown() }),
  z.strictObject({ hex: text }),
  z.strictObject({ mqtt: packet }),
]);
export type PatternFormat = z.infer<typeof PatternFormat>;

/** Names of holes, and which field of an answer in JSON fills each: `a.b.0`. */
const take = z.record(z.string().regex(/^[A-Za-z_][\w.-]*$/), text);

export const StepFormat = z.union([
  z.strictObject({ ...depends, send: MessageFormat }),
  z.strictObject({
    ...depends,
    expect: PatternFormat,
    within: duration.optional(),
    skip: z.boolean().optional(),
    take: take.optional(),
  }),
  z.strictObject({ ...depends, wait: duration }),
]);
export type StepFormat = z.infer<typeof StepFormat>;

export const RuleFormat = z.union([
  z.strictObject({ ...depends, on: PatternFormat, send: MessageFormat.optional() }),
  z.strictObject({ ...depends, every: duration, send: MessageFormat }),
]);
export type RuleFormat = z.infer<typeof RuleFormat>;

const headers = z.record(z.string(), text);

export const BeforeFormat = z.strictObject({
  ...depends,
  /** `POST /hub/negotiate`, or `POST {path}/negotiate` at the path of the URL. */
  request: z.string().regex(/^[A-Z]+ (?:\/|\{path\})\S*$/, { error: 'write a method and a path, such as POST /login' }),
  headers: headers.optional(),
  body: z.union([text, z.strictObject({ json: z.unknown() })]).optional(),
  take: take.optional(),
});
export type BeforeFormat = z.infer<typeof BeforeFormat>;

export const OpeningFormat = z.strictObject({
  headers: headers.optional(),
  subprotocol: z.union([text, z.array(text)]).optional(),
  /** Where the URL names none; with {path} in it, which is the path of the URL, always. */
  path: z.string().optional(),
  /** Beside what the URL's query has. */
  query: z.record(z.string(), text).optional(),
  before: z.array(BeforeFormat).optional(),
  messages: z.union([z.literal('lines'), z.strictObject({ end: text })]).optional(),
  codec: z.enum(CODECS).optional(),
  /** A JavaScript module, in place of steps and rules. */
  module: text.optional(),
  steps: z.array(StepFormat).optional(),
  rules: z.array(RuleFormat).optional(),
});
export type OpeningFormat = z.infer<typeof OpeningFormat>;

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A setting of a dialect, which stands in its texts as `{name}`. */
const Parameter = z.strictObject({
  default: z.unknown(),
  /** A value in JSON may be anything; it takes the place of a whole text. */
  type: z.enum(['text', 'number', 'boolean', 'json']).default('text'),
  choices: z.array(Scalar).optional(),
  what: text,
});
export type DialectParameter = z.infer<typeof Parameter>;

/** A dialect: an opening with a name and settings. */
export const DialectFormat = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  what: text,
  protocols: z.array(z.enum(SCHEMES)).min(1),
  /** Whether its servers take messages that are none of its own, as `echo` sends them; a codec makes its own of them. */
  anyMessage: z.boolean().default(false),
  params: z.record(z.string().regex(/^[A-Za-z]\w*$/), Parameter).default({}),
  // The opening itself is read when its settings have been put in.
});
export type DialectFormat = z.infer<typeof DialectFormat>;
