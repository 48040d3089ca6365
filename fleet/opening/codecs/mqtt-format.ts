import { z } from 'zod';
import type { PacketPlan, PacketValue } from '../../../core/opening/plan.ts';
import type { Template } from '../../../core/opening/template.ts';
import type { ReadPacket } from './codec.ts';

/** Numbers may come as texts: those of a dialect's parameters do. */
const number = (most: number): z.ZodType<number> => z.coerce.number().int().min(0).max(most) as z.ZodType<number>;
const truth = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
/** Its name on the wire is the level: 4 is 3.1.1. */
const version = z
  .union([z.literal(4), z.literal(5), z.enum(['3.1.1', '4', '5'])], { error: 'write 3.1.1 or 5' })
  .transform((text) => (String(text) === '5' ? 5 : 4));
const text = z.union([z.string(), z.number().transform(String)]);
/** 0 alone, or 1: what comes so is confirmed. */
const qos = number(1);
const id = number(0xffff);
const code = number(0xff);
const topics = z.array(z.strictObject({ topic: text, qos: qos.default(0) })).min(1);

const will = z.strictObject({
  topic: text,
  payload: text.default(''),
  qos: number(2).default(0),
  retain: truth.default(false),
});

/** What a client says, and what it may wait for. */
const PACKETS = {
  connect: z.strictObject({
    version: version.default(4),
    clientId: text,
    username: text.optional(),
    password: text.optional(),
    keepAliveSeconds: number(0xffff).default(60),
    cleanStart: truth.default(true),
    will: will.optional(),
  }),
  connack: z.strictObject({ code: code.optional() }),
  subscribe: z.union([
    z.strictObject({ id: id.default(1), topics }),
    z
      .strictObject({ id: id.default(1), topic: text, qos: qos.default(0) })
      .transform(({ id, topic, qos }) => ({ id, topics: [{ topic, qos }] })),
  ]),
  suback: z.strictObject({ id: id.optional(), codes: z.record(z.string().regex(/^\d+$/), code).optional() }),
  publish: z.strictObject({ topic: text.optional(), payload: text.optional(), retain: truth.optional() }),
  puback: z.strictObject({ id: id.optional() }),
  pingreq: z.strictObject({}),
  pingresp: z.strictObject({}),
  disconnect: z.strictObject({ code: code.optional() }),
} as const;

/** What clients say. PUBACK is said without being asked. */
const SAID = new Set(['connect', 'subscribe', 'publish', 'pingreq', 'disconnect']);
/** Texts of these are left out when they are empty: a parameter that nobody gave is. */
const LEFT_OUT = new Set(['username', 'password']);

type Fields = Readonly<Record<string, unknown>>;

/** Reads `{ connect: { clientId: "c-{n}" } }`. */
export const readMqttPacket: ReadPacket = (raw, parse, problems, use) => {
  const [[name, fields] = ['', undefined], ...others] = Object.entries(raw) as Array<[string, Fields | undefined]>;
  if (!(name in PACKETS) || others.length > 0) {
    problems.push(`mqtt: write one packet, such as connect: {…}; there is ${Object.keys(PACKETS).join(', ')}`);
    return undefined;
  }
  if (use === 'send' && !SAID.has(name)) {
    problems.push(`mqtt: a client doesn't say ${name}; it says ${[...SAID].join(', ')}`);
    return undefined;
  }
  const read = PACKETS[name as keyof typeof PACKETS].safeParse(fields ?? {});
  if (use === 'send' && name === 'publish' && fields?.['topic'] === undefined)
    problems.push('mqtt: publish.topic: write one');
  else if (read.success) return { [name]: planOf(read.data, parse) };
  if (read.success) return undefined;
  for (const { path, message } of read.error.issues) problems.push(`mqtt: ${[name, ...path].join('.')}: ${message}`);
  return undefined;
};

function planOf(fields: object, parse: (text: string) => Template): PacketPlan {
  const kept = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && !(LEFT_OUT.has(name) && value === ''),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, packetValue(value, parse)]));
}

function packetValue(value: unknown, parse: (text: string) => Template): PacketValue {
  if (typeof value === 'string') return parse(value);
  if (Array.isArray(value)) return value.map((inner) => packetValue(inner, parse));
  return typeof value === 'object' && value !== null ? planOf(value, parse) : (value as number | boolean | null);
}
