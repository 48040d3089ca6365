import { z } from 'zod';
import { isLegName } from '../schemas/leg-name.ts';
import { LegSummary } from '../schemas/leg-summary.ts';
import { Summary, TlsAdds } from '../schemas/summary.ts';
import { parseQuantity, QUANTITIES, type QuantityKind } from './units.ts';

export const OPERATORS = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
} as const satisfies Record<string, (a: number, b: number) => boolean>;

/** `ws.perConnection.total.bytes > 12KiB`: what must not be. */
export interface Threshold {
  readonly expression: string;
  /** Names from the summary down, or from a leg by its name. */
  readonly path: readonly string[];
  readonly operator: keyof typeof OPERATORS;
  /** In bytes, ms, percent, or as it is. */
  readonly limit: number;
}

const SHAPE = /^\s*([\w.+-]+)\s*(>=|<=|>|<)\s*(\S.*?)\s*$/;

/** A name, an operator and a quantity, unread. */
interface Condition {
  readonly name: string;
  readonly operator: keyof typeof OPERATORS;
  readonly quantity: string;
}

/** Takes apart what is compared with what; undefined where it is no condition. */
export function splitCondition(expression: string): Condition | undefined {
  const [, name, operator, quantity] = SHAPE.exec(expression) ?? [];
  if (name === undefined || operator === undefined || quantity === undefined) return undefined;
  return { name, operator: operator as keyof typeof OPERATORS, quantity };
}

/** All that can be asked of a leg: what TLS adds to it stands beside the legs, since it is of two. */
const OfLeg = LegSummary.extend({ tlsAdds: TlsAdds });

/**
 * Reads a threshold: a number of summary.json by its path, an operator, a quantity with the unit of that number.
 *
 * @returns the threshold, or a sentence that says what is wrong and what there is
 */
export function readThreshold(expression: string): Threshold | string {
  const condition = splitCondition(expression);
  if (!condition) return `"${expression}" is not a path, one of ${Object.keys(OPERATORS).join(' ')}, and a quantity`;
  const { name: dotted, operator, quantity } = condition;
  const path = dotted.split('.');
  const isOfLeg = isLegName(path[0]!);
  const problem = problemOf(isOfLeg ? OfLeg : Summary, isOfLeg ? path.slice(1) : path, isOfLeg ? path[0]! : '');
  if (problem !== undefined) return `"${dotted}" ${problem}`;
  const kind = kindOf(path);
  const limit = kind === undefined ? numberIn(quantity) : parseQuantity(kind, quantity);
  if (limit === undefined) {
    const example = kind === undefined ? '0.99' : QUANTITIES[kind].example;
    return `"${quantity}" is not what ${dotted} is measured in; ${example} would be`;
  }
  return { expression: expression.trim(), path, operator, limit };
}

/**
 * What came of it. A value that isn't known has not passed: a gate must not open on what nobody measured. Where the limit lies within
 * the value's interval nothing is shown.
 *
 * @returns the entry of summary.json
 */
export function checked(threshold: Threshold, summary: Summary): Summary['thresholds'][number] {
  const [first, ...rest] = threshold.path;
  const leg = summary.legs.find(({ name }) => name === first);
  const isOfLeg = isLegName(first!);
  const tlsAdds = summary.tlsAdds.find((adds) => adds.leg === first);
  const from = isOfLeg ? leg && { ...leg, tlsAdds } : summary;
  const path = isOfLeg ? rest : threshold.path;
  const value = valueAt(from, path);
  const { expression, operator, limit } = threshold;
  if (value === null) {
    const isOpen = path[0] === 'tlsAdds' ? tlsAdds?.unknown === 'inconclusive' : isInconclusive(leg, path);
    return { expression, value, passed: false, isShown: !isOpen };
  }
  const [low, high] = intervalAt(from, path, value);
  const [atLow, atHigh] = [low, isCutShort(leg, path) ? Number.POSITIVE_INFINITY : high].map((end) =>
    OPERATORS[operator](end, limit),
  );
  return { expression, value, passed: !atLow && !atHigh, isShown: atLow === atHigh };
}

/** What an inconclusive leg doesn't show. */
const isInconclusive = (leg: LegSummary | undefined, [name]: readonly string[]): boolean =>
  leg?.inconclusive != null && ['perConnection', 'fit', 'chargedFit', 'burst'].includes(name!);

/** The share of all messages that is no slower. Those that got no answer are slower than any that did. */
const QUANTILES: Readonly<Record<string, number>> = { p50Ms: 0.5, p99Ms: 0.99, p999Ms: 0.999, uncorrectedP99Ms: 0.99 };

/** Whether a quantile of round trips lies among messages that got no answer: then it is known by its lower end alone. */
export function isCutShort(leg: LegSummary | undefined, [name, quantile]: readonly string[]): boolean {
  const q = name === 'rtt' && quantile !== undefined ? QUANTILES[quantile] : undefined;
  return q !== undefined && (leg?.rtt?.lostPercent ?? 0) > 100 * (1 - q);
}

/** The ends of the value's own interval; a value without one is both. */
function intervalAt(from: unknown, path: readonly string[], value: number): [low: number, high: number] {
  if (['low', 'high'].includes(path.at(-1)!)) return [value, value];
  const [low, high] = ['low', 'high'].map((end) => valueAt(from, [...path.slice(0, -1), end]));
  return [low ?? value, high ?? value];
}

/** In the unit that its path tells, for people. */
export const kindOf = (path: readonly string[]): QuantityKind | undefined => {
  const dotted = path.join('.');
  // Descriptors, their interval included.
  if (/\.files\./.test(dotted)) return undefined;
  if (/Ms$/.test(dotted)) return 'duration';
  if (/Percent$/.test(dotted)) return 'percent';
  // Its last name, or that of what it is a part of: `queuedBytesPerSlow.target`.
  if (/(^|\.)(low|high|\w*[bB]ytes\w*(\.\w+)?)$|\.components\./.test(dotted)) return 'bytes';
  return undefined;
};

function valueAt(from: unknown, path: readonly string[]): number | null {
  const found = path.reduce<unknown>(
    (at, name) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[name] : undefined),
    from,
  );
  return typeof found === 'number' ? found : null;
}

const numberIn = (text: string): number | undefined =>
  /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : parseQuantity('count', text);

/** Walks down the schema; undefined: there is a number at the end. */
function problemOf(schema: z.ZodType, path: readonly string[], before: string): string | undefined {
  const inner = unwrapped(schema);
  const [name, ...rest] = path;
  const where = before === '' ? 'a summary' : before;
  if (name === undefined) {
    if (inner instanceof z.ZodNumber) return undefined;
    const names = namesIn(inner);
    return names.length > 0 ? `is no number yet: go on with ${names.join(', ')}` : 'is no number';
  }
  const next = childOf(inner, name);
  if (!next) {
    const names = namesIn(inner);
    return names.length > 0
      ? `names nothing: ${where} has ${names.join(', ')}`
      : `names nothing: ${where} has no parts with names`;
  }
  return problemOf(next, rest, before === '' ? name : `${before}.${name}`);
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}

function childOf(schema: z.ZodType, name: string): z.ZodType | undefined {
  if (schema instanceof z.ZodObject)
    return Object.hasOwn(schema.shape, name) ? (schema.shape[name] as z.ZodType) : undefined;
  if (schema instanceof z.ZodRecord)
    return namesIn(schema).includes(name) ? (schema.valueType as z.ZodType) : undefined;
  return undefined;
}

/** Those below which there is a number somewhere: lists can't be gone into. */
function namesIn(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodRecord)
    return schema.keyType instanceof z.ZodEnum ? schema.keyType.options.map(String) : [];
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>)
    .filter(([, child]) => {
      const inner = unwrapped(child);
      return inner instanceof z.ZodNumber || namesIn(inner).length > 0;
    })
    .map(([name]) => name);
}
