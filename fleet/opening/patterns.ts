import type { FieldPlan, PatternPlan, TakePlan } from '../../core/opening/plan.ts';
import { bytesOfLiteral, type Template } from '../../core/opening/template.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { FillText } from '../protocols/request-words.ts';
import type { Codec } from './codecs/codec.ts';

/** What a message may be like. */
export interface Pattern {
  /** @param isWhole else it is only the beginning of one that is longer than what is looked at */
  matches(slot: Slot, message: Buffer, isWhole: boolean): boolean;
  /** What it looks for in a stream without messages; undefined: that can't be said. Only valid until the next call. */
  textFor(slot: Slot): Buffer | undefined;
  readonly kind: PatternPlan['kind'];
}

/** Fills texts for connections; those without holes cost nothing. Only valid until the next call. */
type FilledText = (slot: Slot) => Buffer;

/** @param codec understands packets, where the opening has one */
export function compilePattern(plan: PatternPlan, fill: FillText, codec: Codec | undefined): Pattern {
  const { kind } = plan;
  if (kind === 'packet') {
    const matches = codec!.matcher(plan.packet, fill);
    return { kind, matches: (slot, message, isWhole) => isWhole && matches(slot, message), textFor: () => undefined };
  }
  if (kind === 'json') return { kind, matches: compileFields(plan.fields, fill), textFor: () => undefined };
  const textFor = prepareText(plan.text, fill);
  const matches: Pattern['matches'] =
    kind === 'text'
      ? (slot, message, isWhole) => isWhole && message.equals(textFor(slot))
      : kind === 'prefix'
        ? (slot, message) => beginsWith(message, textFor(slot))
        : (slot, message) => message.includes(textFor(slot));
  return { kind, matches, textFor };
}

export function prepareText(template: Template, fill: FillText): FilledText {
  const same = bytesOfLiteral(template);
  if (same === undefined) return (slot) => fill(slot, template);
  const bytes = Buffer.from(same);
  return () => bytes;
}

export const beginsWith = (message: Buffer, text: Buffer): boolean =>
  message.length >= text.length && message.compare(text, 0, text.length, 0, text.length) === 0;

/** A field's value as it fills a hole; undefined: there is none. */
export function takenText(json: unknown, path: readonly string[]): string | undefined {
  const value = fieldOf(json, path);
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? written(value) : String(value);
}

/** What is nested deeper than the stack goes can be read, and not be written again. */
function written(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The JSON that fields are taken from: a message, or what is behind its prefix. @returns undefined where it is none */
export function jsonIn(slot: Slot, message: Buffer, pattern: Pattern): unknown {
  const before = pattern.kind === 'prefix' ? pattern.textFor(slot)!.length : 0;
  return parsed(message.toString('utf8', before)) ?? (before > 0 ? parsed(message.toString()) : undefined);
}

/** @returns the first field that isn't there; undefined: all were taken */
export function takeFields(
  json: unknown,
  take: TakePlan,
  keep: (name: string, value: string) => void,
): string | undefined {
  for (const { name, path } of take) {
    const value = takenText(json, path);
    if (value === undefined) return path.join('.');
    keep(name, value);
  }
  return undefined;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const BACKSLASH = 92;

/** Parses only what has the longest word of the pattern in it. What has escapes may have it all the same. */
function compileFields(fields: readonly FieldPlan[], fill: FillText): Pattern['matches'] {
  const word = longestWord(fields);
  const wanted = fields.map(({ path, equals }) => ({
    path,
    text: isTemplate(equals) ? prepareText(equals, fill) : undefined,
    value: equals,
  }));
  return (slot, message, isWhole) => {
    if (!isWhole || (!message.includes(word) && !message.includes(BACKSLASH))) return false;
    const json = parsed(message.toString());
    if (json === undefined) return false;
    return wanted.every(({ path, text, value }) => {
      const found = fieldOf(json, path);
      return text === undefined ? found === value : typeof found === 'string' && found === text(slot).toString();
    });
  };
}

function longestWord(fields: readonly FieldPlan[]): Buffer {
  let longest = Buffer.alloc(0);
  for (const { path, equals } of fields) {
    const literal = isTemplate(equals) ? bytesOfLiteral(equals) : undefined;
    // An index stands nowhere in the text, and what has to be escaped stands there in another form.
    const names = path.filter((name) => !/^\d+$/.test(name));
    for (const word of [...names, ...(literal === undefined ? [] : [Buffer.from(literal).toString()])]) {
      const bytes = Buffer.from(word);
      if (bytes.length > longest.length && JSON.stringify(word) === `"${word}"`) longest = bytes;
    }
  }
  return longest;
}

const isTemplate = (value: FieldPlan['equals']): value is Template => typeof value === 'object' && value !== null;

const isField = Object.prototype.propertyIsEnumerable;

function fieldOf(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const name of path) {
    // The length of an array is none of its fields.
    if (typeof value !== 'object' || value === null || !isField.call(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
