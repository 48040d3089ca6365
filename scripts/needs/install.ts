import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { find } from './find.ts';
import { withoutStarting } from './no-services.ts';
import { installLine, type NeedName, packagesOf } from './packages.ts';

/**
 * Installs those commands that are missing, where that may be done: as root on Debian or one of its kind. Nothing is
 * asked of anybody, and none of their services is started. Takes no time where everything is there.
 *
 * @param say where progress goes, a sentence at a time
 * @returns undefined when all are there now; else a sentence that says what is missing and how to get it
 */
export async function install(
  names: readonly NeedName[],
  say: (sentence: string) => void,
): Promise<string | undefined> {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length === 0) return undefined;
  const why = whyNot() ?? (await installNow(packagesOf(missing), say));
  const still = missing.filter((name) => find(name) === undefined);
  if (still.length === 0) return undefined;
  const sentence = `${still.join(', ')} ${still.length === 1 ? 'is' : 'are'} not installed`;
  return `${sentence}${why ? `, ${why}` : ''} — ${installLine(still)}`;
}

function whyNot(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return "and here is no apt-get: see what this system's own packages are called";
  return process.getuid?.() === 0 ? undefined : 'which takes root';
}

/** Long enough for a browser over a slow line. */
const TIMEOUT_MS = 15 * 60_000;
/** Somebody else may be installing too. */
const QUIETLY = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];

/** @returns why it failed; undefined when it didn't */
async function installNow(packages: readonly string[], say: (sentence: string) => void): Promise<string | undefined> {
  say(`installing from Debian, once: ${packages.join(', ')}`);
  return withoutStarting(
    async () =>
      (await aptGet('update', ...QUIETLY)) ??
      (await aptGet('install', '-y', '--no-install-recommends', ...QUIETLY, '--', ...packages)),
  );
}

async function aptGet(...args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  try {
    await promisify(execFile)('apt-get', args, { env, timeout: TIMEOUT_MS, maxBuffer: Number.POSITIVE_INFINITY });
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    // Warnings come before the error, advice after it.
    const line = stderr.split('\n').find((text) => text.startsWith('E:'));
    return `apt-get ${args[0]} failed: ${line?.slice(2).trim() ?? message.split('\n')[0]}`;
  }
}
