import { readFileSync } from 'node:fs';
import { RigError } from '../core/values/errors.ts';

/** One meter's answer. Nothing is guessed: what couldn't be read says why. */
export type MeterAnswer<T> = ({ readonly value: T } | { readonly missing: string }) & { readonly tookMs: number };

/** Thrown inside a meter when there is nothing to measure; becomes `missing`. The message is for people. */
export class Missing extends Error {
  override readonly name = 'Missing';
}

/** Runs a meter with a stopwatch. Only what the system refuses becomes `missing`; a defect of ours stays an error. */
export async function askMeter<T>(read: () => Promise<T>): Promise<MeterAnswer<T>> {
  const startedAt = performance.now();
  try {
    const value = await read();
    return { value, tookMs: performance.now() - startedAt };
  } catch (error) {
    // A RigError has a code, too, and ends the run.
    if (error instanceof RigError || (!(error instanceof Missing) && systemCodeOf(error) === undefined)) throw error;
    return { missing: (error as Error).message, tookMs: performance.now() - startedAt };
  }
}

/** ENOENT, EACCES …; undefined when the error isn't the system's. */
export function systemCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A small file that the kernel makes up when it is read. In this thread: a round trip to another one for each call takes
 * several times as long as the call.
 */
export const readText = async (path: string): Promise<string> => readFileSync(path, 'latin1');

const FIELD = /^([^:\s]+):\s+(\d+)(?: kB)?$/gm;

/** Lines such as `Rss:  1616 kB` or `Threads: 11`. kB are 1024 bytes here, in spite of the letter. */
export function parseFields(text: string): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  for (const [line, name = '', digits = ''] of text.matchAll(FIELD)) {
    fields.set(name, Number(digits) * (line.endsWith(' kB') ? 1024 : 1));
  }
  return fields;
}
