/** An opening as people write it, in a config file or as a dialect's data file. Every text may have holes. */
import { z } from 'zod';
import { parseQuantity } from '../values/units.ts';
import { CODECS } from './plan.ts';

const duration = z.string().refine((text) => (parseQuantity('duration', text) ?? -1) >= 0, {
  error: 'write a time such as 5s or 250ms',
});
const text = z.string();
/** As the codec has it; it checks them itself. */
const packet = z.record(z.string(), z.unknown());
const codecs = Object.fromEntries(CODECS.map((name) => [name, packet.optional()]));

/** What is said: a text, or one of these. */
export const MessageFormat = z.union([
  text,
  z.strictObject({ text }),
  z.strictObject({ json: z.unknown() }),
  z.strictObject({ hex: text }),
  z.strictObject({ file: text }),
  z.strictObject(codecs),
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
  z.strictObject(codecs),
]);
export type PatternFormat = z.infer<typeof PatternFormat>;

/** Names of holes, and which field of an answer in JSON fills each: `a.b.0`. */
const take = z.record(z.string().regex(/^[A-Za-z_][\w.-]*$/), text);
/** A dialect's steps may depend on whether somebody gave this parameter. */
const depends = { if: text.optional() };

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
  z.strictObject({ ...depends, on: PatternFormat, send: MessageFormat }),
  z.strictObject({ ...depends, every: duration, send: MessageFormat }),
]);
export type RuleFormat = z.infer<typeof RuleFormat>;

const headers = z.record(z.string(), text);

export const BeforeFormat = z.strictObject({
  ...depends,
  /** `POST /hub/negotiate`. */
  request: z.string().regex(/^[A-Z]+ \/\S*$/, { error: 'write a method and a path, such as POST /login' }),
  headers: headers.optional(),
  body: z.union([text, z.strictObject({ json: z.unknown() })]).optional(),
  take: take.optional(),
});
export type BeforeFormat = z.infer<typeof BeforeFormat>;

export const OpeningFormat = z.strictObject({
  headers: headers.optional(),
  subprotocol: z.union([text, z.array(text)]).optional(),
  /** Where the URL names none. */
  path: z.string().startsWith('/').optional(),
  before: z.array(BeforeFormat).optional(),
  messages: z.union([z.literal('lines'), z.strictObject({ end: text })]).optional(),
  codec: z.enum(CODECS).optional(),
  /** A JavaScript module, in place of steps and rules. */
  module: text.optional(),
  steps: z.array(StepFormat).optional(),
  rules: z.array(RuleFormat).optional(),
});
export type OpeningFormat = z.infer<typeof OpeningFormat>;
