import { readFileSync } from 'node:fs';
import type { Read } from './option.ts';

/** A token, or `@FILE` for what a file says: that one doesn't show in the list of processes. */
export function readSecret(given: string): Read<string> {
  const isFile = given.startsWith('@');
  let token = given;
  try {
    if (isFile) token = readFileSync(given.slice(1), 'utf8').trim();
  } catch (error) {
    const file = given.slice(1);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return {
      problem: isMissing
        ? `there is no file ${file} (openssl rand -hex 24 > ${file}, to make a token)`
        : `${file} can't be read: ${(error as Error).message}`,
    };
  }
  if (token === '') return { problem: isFile ? `${given.slice(1)} is empty` : 'it is empty' };
  // What was given is not repeated: it is a secret, and problems go to logs.
  return /^[\x21-\x7e]+$/.test(token)
    ? { value: token }
    : { problem: 'only letters, digits and ASCII signs may be in it' };
}
