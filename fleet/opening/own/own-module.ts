import { RigError } from '../../../core/values/errors.ts';

/** What is sent: a text, or bytes. */
export type OwnWords = string | Uint8Array;

/** What an answer may lead to; nothing of it has to be there. */
export interface OwnAnswer {
  readonly send?: OwnWords | readonly OwnWords[];
  /** What the next answer is told: a whole number that connrig keeps for the connection, 0 at first, {@link MOST_STEP} at the most. */
  readonly step?: number;
  /** The connection counts as open from now on. */
  readonly open?: boolean;
  /** It can't become, or stay, open; why, for people. */
  readonly refuse?: string;
}

/** A module of a user's, checked: pure functions of bytes and numbers. `number` tells connections apart, from 1. */
export interface OwnModule {
  readonly first?: (number: number) => OwnWords | undefined;
  /** Without it a connection is open as soon as its first words are sent. */
  readonly answer?: (bytes: Uint8Array, step: number, number: number) => OwnAnswer | undefined;
  readonly every?: { readonly seconds: number; readonly send: (number: number) => OwnWords };
  /** How many bytes the first message of a stream of tcp takes; 0 when more has to come. */
  readonly messageEnd?: (bytes: Uint8Array) => number;
}

export const MOST_STEP = 65_534;

const NAMES: ReadonlyArray<keyof OwnModule> = ['first', 'answer', 'every', 'messageEnd'];
const LEAST_SECONDS = 0.1;
/** Behind what Node.js says of a module that isn't there. */
const IMPORTER = / imported from .*$/;
const HINT = 'docs/own-openings.md has a complete example';

/**
 * Imports a module that is an opening, and tries what it says of itself.
 *
 * @param url of a file
 * @throws RigError ECONFIG when it can't be imported, or isn't one
 */
export async function loadOwnModule(url: string): Promise<OwnModule> {
  const problem = (sentence: string, cause?: unknown): RigError =>
    new RigError('ECONFIG', `the opening in ${new URL(url).pathname} ${sentence}`, { hint: HINT, cause });
  let found: Readonly<Record<string, unknown>>;
  try {
    found = await import(url);
  } catch (thrown) {
    throw problem(`can't be imported: ${wordsOfThrown(thrown).replace(IMPORTER, '')}`, thrown);
  }
  const sentence = problemOf(found);
  if (sentence !== undefined) throw problem(sentence);
  return found as OwnModule;
}

/** For people: what was thrown. */
export const wordsOfThrown = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message || thrown.name : String(thrown)).split('\n', 1)[0]!;

export const areOwnWords = (value: unknown): value is OwnWords =>
  typeof value === 'string' || value instanceof Uint8Array;

function problemOf(found: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(found).find((name) => !NAMES.includes(name as keyof OwnModule));
  if (unknown !== undefined) return `exports ${unknown}, which nobody asks for; there is ${NAMES.join(', ')}`;
  const { first, answer, every, messageEnd } = found;
  if (first === undefined && answer === undefined && every === undefined)
    return 'exports neither first nor answer nor every';
  for (const [name, value] of Object.entries({ first, answer, messageEnd })) {
    if (value !== undefined && typeof value !== 'function') return `exports ${name}, which is no function`;
  }
  if (every !== undefined && !isEvery(every))
    return `exports every, which is not { seconds: ${LEAST_SECONDS} or more, send: (number) => … }`;
  const { first: begin, every: again, messageEnd: end } = found as OwnModule;
  return (
    tried(
      'first(1)',
      () => begin?.(1),
      (value) => value === undefined || areOwnWords(value),
      'text, bytes or nothing',
    ) ??
    (again && tried('every.send(1)', () => again.send(1), areOwnWords, 'text or bytes')) ??
    (end &&
      tried(
        'messageEnd(no bytes)',
        () => end(new Uint8Array(0)),
        (value) => value === 0,
        '0',
      ))
  );
}

const isEvery = (value: unknown): boolean => {
  const { seconds, send } = (value ?? {}) as Partial<NonNullable<OwnModule['every']>>;
  return typeof seconds === 'number' && seconds >= LEAST_SECONDS && typeof send === 'function';
};

function tried(
  what: string,
  act: () => unknown,
  isRight: (value: unknown) => boolean,
  wanted: string,
): string | undefined {
  let value: unknown;
  try {
    value = act();
  } catch (thrown) {
    return `throws for ${what}: ${wordsOfThrown(thrown)}`;
  }
  return isRight(value) ? undefined : `gives ${nameOf(value)} for ${what}; it has to be ${wanted}`;
}

/** For people: what kind of value it is. */
export function nameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return value instanceof Promise ? 'a promise' : `an object of ${value.constructor?.name ?? 'no kind'}`;
}
