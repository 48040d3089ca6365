import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Its wheels carry an OpenSSL of the years of Node.js 24 and 26, as shared libraries with the names of their symbols. */
const WHEEL = 'psycopg-binary==3.3.9';
const LIBRARIES = ['libssl', 'libcrypto'] as const;

/**
 * Lets the `openssl` command of this machine run with a newer library than it came with: its ABI is that of all 3.x.
 *
 * @returns the environment for it, or undefined where there is no `pip`, or no wheel
 */
export function newerOpenSsl(): NodeJS.ProcessEnv | undefined {
  const folder = join(tmpdir(), 'connrig-generators', 'openssl');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isThere =
    run('pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', folder, WHEEL) &&
    run('python3', '-m', 'zipfile', '--extract', join(folder, wheelIn(folder)), folder);
  if (!isThere) return undefined;
  const libraries = join(folder, 'psycopg_binary.libs');
  for (const name of LIBRARIES) {
    const file = readdirSync(libraries).find((entry) => entry.startsWith(`${name}-`));
    if (file === undefined) return undefined;
    symlinkSync(join(libraries, file), join(folder, `${name}.so.3`));
  }
  return { LD_LIBRARY_PATH: folder };
}

/** Keeps the `openssl` command to the groups that we offer: from 3.5 on it would send a share of X25519MLKEM768. */
export function ourGroups(): NodeJS.ProcessEnv {
  const path = join(tmpdir(), 'connrig-generators', 'groups.cnf');
  mkdirSync(join(path, '..'), { recursive: true });
  const sections = ['openssl_conf = all', '[all]', 'ssl_conf = ssl', '[ssl]', 'system_default = default', '[default]'];
  writeFileSync(path, [...sections, 'Groups = X25519:P-256:P-384', ''].join('\n'));
  return { OPENSSL_CONF: path };
}

const wheelIn = (folder: string): string => readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '';

const run = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
