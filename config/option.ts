import { doubtAbout, parseQuantity, QUANTITIES, type QuantityKind } from '../core/values/units.ts';

/** A value, or a sentence that says what is wrong with what was given. */
export type Read<T> = { readonly value: T } | { readonly problem: string };

/** Under which heading an option stands, in the help of its command and in docs/options.md; in this order. */
export const OPTION_GROUPS = {
  listening: 'Where it listens',
  access: 'Access',
  search: 'What is looked for',
  plan: 'Connections',
  tls: 'TLS',
  opening: 'How they sign in',
  traffic: 'What they say',
  variants: 'What varies',
  target: 'The target',
  fleet: 'The fleet',
  targets: 'Which targets',
  limits: 'What it allows',
  readings: 'Readings',
  verdict: 'What the result is held against',
  watching: 'While the run goes on',
  folder: 'What is left of it',
  output: 'What it prints and writes',
} as const;
export type OptionGroup = keyof typeof OPTION_GROUPS;

/** One setting: how it is written on the command line and in a config file, what it means, what it is by default. */
export interface Option<T> {
  /** Name without dashes, on the command line and as a key in a config file. */
  readonly name: string;
  /** A letter that says the same. */
  readonly short?: string;
  readonly group: OptionGroup;
  /** What the help shows as its argument, in [] where it may be left out, which reads as `true`; a flag that is on or off has none. */
  readonly argument?: string;
  readonly help: string;
  /** In the words a person would write; undefined: not set unless asked for. */
  readonly default?: string;
  /** May be given several times on the command line: the same as a list. */
  readonly repeats?: true;
  /** What stands between several, for values that may have commas; a comma unless said. */
  readonly joinedBy?: string;
  /** The environment variable that says it where the command line doesn't: for what must not show in a list of processes. */
  readonly env?: string;
  /** Reads what a person wrote; only called when something was. */
  readonly read: (text: string) => Read<T>;
}

/** The options of one command, or rows that several commands share. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** As it is written on a command line, such as `-c, --connections <count>`. */
export function formatFlags({ name, short, argument }: Option<unknown>): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${argument === undefined ? '' : ` ${argument}`}`;
}

/** What it means, for people; without what it is by default. */
export const formatMeaning = ({ help, repeats }: Option<unknown>): string =>
  repeats ? `${help}; may be given several times` : help;

/** For what is read elsewhere: a value, or a sentence that says what is wrong. */
export const orProblem =
  <T extends object>(parse: (text: string) => T | string): ((text: string) => Read<T>) =>
  (given) => {
    const parsed = parse(given);
    return typeof parsed === 'string' ? { problem: parsed } : { value: parsed };
  };

/** Kinds that don't read as a noun. */
const NOUN: Partial<Record<QuantityKind, string>> = { bytes: 'size', percent: 'percentage' };

/** A quantity with a unit, from `min` to `max`. */
export function quantity(
  kind: QuantityKind,
  min: number,
  max = Number.POSITIVE_INFINITY,
): (text: string) => Read<number> {
  return (text) => {
    const value = parseQuantity(kind, text);
    if (value === undefined)
      return { problem: `"${text}" is not a ${NOUN[kind] ?? kind} such as ${QUANTITIES[kind].example}` };
    const doubt = doubtAbout(kind, text);
    if (doubt) return { problem: `"${text}" may mean ${doubt.join(' or ')}: write which` };
    if (value < min) return { problem: `${text} is too small: at least ${min}` };
    if (value > max) return { problem: `${text} is too large: at most ${max}` };
    return { value };
  };
}

/** Items separated by commas, none of them twice. */
export function list<T>(one: (text: string) => Read<T>): (text: string) => Read<readonly T[]> {
  return (text) => {
    const values: T[] = [];
    for (const part of text.split(',').map((item) => item.trim())) {
      const read = one(part);
      if ('problem' in read) return read;
      if (values.includes(read.value)) return { problem: `${part} is there twice` };
      values.push(read.value);
    }
    return { value: values };
  };
}

/** One of a closed list of words. */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => Read<T> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { problem: `"${text}" is not one of ${words.join(', ')}` } : { value };
  };
}

export const text = (given: string): Read<string> =>
  given.trim() === '' ? { problem: 'it is empty' } : { value: given };

/** A switch: `--force` on the command line, `force: true` in a file. */
export const onOff = (given: string): Read<boolean> =>
  given === 'true' || given === 'false'
    ? { value: given === 'true' }
    : { problem: `"${given}" is neither true nor false` };
