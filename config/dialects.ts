import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { DialectFormat, type DialectParameter, OpeningFormat } from '../core/opening/format.ts';
import { findNearest } from './nearest.ts';
import { problemsOf } from './opening/format-problems.ts';

const FOLDER = fileURLToPath(new URL('../../dialects', import.meta.url));

/** The dialects that come with the rig, by name. */
export const dialectNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();

/** A dialect as its file has it. @param name one of {@link dialectNames} */
export const loadDialect = (name: string): DialectFormat =>
  DialectFormat.parse(parse(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')));

/** A dialect with its settings in their places. */
export interface OpenedDialect {
  readonly dialect: DialectFormat;
  readonly format: OpeningFormat;
}

/**
 * @param settings as they were written; a text may have holes
 * @param problems gets a sentence for each that is wrong
 */
export function openDialect(
  name: string,
  settings: ReadonlyArray<readonly [name: string, value: string]>,
  problems: string[],
): OpenedDialect | undefined {
  const names = dialectNames();
  if (!names.includes(name)) {
    const meant = findNearest(name, names);
    const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    problems.push(`--dialect: there is no ${name}${guess}; there are ${names.join(', ')}`);
    return undefined;
  }
  const dialect = loadDialect(name);
  const { name: _, what: __, protocols: ___, anyMessage: ____, params, ...opening } = dialect;
  const values = new Map<string, unknown>(Object.entries(params).map(([key, parameter]) => [key, parameter.default]));
  const before = problems.length;
  for (const [key, given] of settings) {
    const parameter = params[key];
    const value = parameter && readSetting(parameter, given);
    if (!parameter || value === undefined) problems.push(`--dialect-set ${key}: ${whyNot(name, params, key)}`);
    else values.set(key, value);
  }
  if (problems.length > before) return undefined;
  const read = OpeningFormat.safeParse(withSettings(opening, values));
  if (read.success) return { dialect, format: read.data };
  problems.push(...problemsOf(read.error, `--dialect ${name}`));
  return undefined;
}

/** @returns undefined where it is none */
function readSetting({ type, choices }: DialectParameter, given: string): unknown {
  const value = READ[type](given);
  return choices === undefined || choices.some((one) => one === value) ? value : undefined;
}

const READ: Readonly<Record<DialectParameter['type'], (given: string) => unknown>> = {
  text: (given) => given,
  number: (given) => (/^\d+(?:\.\d+)?$/.test(given) ? Number(given) : undefined),
  boolean: (given) => (given === 'true' ? true : given === 'false' ? false : undefined),
  json(given) {
    try {
      return JSON.parse(given) as unknown;
    } catch {
      return undefined;
    }
  },
};

function whyNot(name: string, params: DialectFormat['params'], key: string): string {
  const parameter = params[key];
  if (!parameter) {
    const settings = Object.keys(params);
    return `${name} has no such setting; ${settings.length === 0 ? 'it has none' : `there is ${settings.join(', ')}`}`;
  }
  const { type, choices, what } = parameter;
  return `write ${choices === undefined ? ARTICLED[type] : choices.join(' or ')} (${what})`;
}

const ARTICLED: Readonly<Record<DialectParameter['type'], string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  json: 'JSON',
};

const WHOLE = /^\{([A-Za-z]\w*)\}$/;
const PLACE = /\{([A-Za-z]\w*)\}/g;

/** Puts settings where their names stand, and leaves out what depends on one that is empty, 0 or false. */
function withSettings(value: unknown, settings: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') {
    const [, whole = ''] = WHOLE.exec(value) ?? [];
    // Settings may refer to settings: an identifier to the channel in it.
    if (settings.has(whole)) return nested(settings.get(whole), whole, settings);
    return value.replace(PLACE, (place, name: string) => {
      if (!settings.has(name)) return place;
      const setting = nested(settings.get(name), name, settings);
      return typeof setting === 'object' ? JSON.stringify(setting) : String(setting);
    });
  }
  if (Array.isArray(value)) {
    return value.filter((one) => isWanted(one, settings)).map((one) => withSettings(one, settings));
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => name !== 'if');
  return Object.fromEntries(members.map(([name, member]) => [name, withSettings(member, settings)]));
}

/** A setting's own value, in which all other settings may stand. */
const nested = (value: unknown, name: string, settings: ReadonlyMap<string, unknown>): unknown =>
  withSettings(value, new Map([...settings].filter(([other]) => other !== name)));

function isWanted(value: unknown, settings: ReadonlyMap<string, unknown>): boolean {
  const condition = typeof value === 'object' && value !== null ? (value as { if?: unknown }).if : undefined;
  if (typeof condition !== 'string') return true;
  const setting = settings.get(condition);
  return setting !== '' && setting !== 0 && setting !== false && setting !== undefined;
}
