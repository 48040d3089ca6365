import { resolve } from 'node:path';
import { MOST_SOCKET_PATH_BYTES } from '../core/values/socket-urls.ts';
import type { Read } from './option.ts';

/** A path to listen at, or `auto`. Relative ones are those of the working directory. */
export function readSocketPath(given: string): Read<string> {
  if (given === 'auto') return { value: given };
  if (given === '' || given.endsWith('/')) return { problem: `"${given}" is not the path of a socket` };
  const path = resolve(given);
  const bytes = Buffer.byteLength(path);
  return bytes <= MOST_SOCKET_PATH_BYTES
    ? { value: path }
    : {
        problem: `the path of a Unix socket has ${MOST_SOCKET_PATH_BYTES} bytes at the most, and ${path} has ${bytes}`,
      };
}
