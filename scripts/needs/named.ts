import { readFileSync } from 'node:fs';
import { NEEDS, type NeedName } from './packages.ts';

const CALL = /\bneeds\(([^)]*)\)/g;

/**
 * What test files say that they need, as their `needs('nginx', …)` has it.
 *
 * @param files paths of compiled tests
 */
export function namedIn(files: readonly string[]): NeedName[] {
  const calls = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(CALL)].map(([, names = '']) => names));
  return (Object.keys(NEEDS) as NeedName[]).filter((name) => calls.some((names) => names.includes(`'${name}'`)));
}
