import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { find } from '../needs/find.ts';
import { install } from '../needs/install.ts';

/** Where a tool's command lies, or a sentence that says why it can't be had here. */
export type Installed = { readonly path: string } | { readonly skipped: string };

/** Configurations and sources, as they lie in the repository: compilation leaves them there. */
export const findGeneratorFile = (name: string): string =>
  fileURLToPath(new URL(`../../../scripts/generators/${name}`, import.meta.url));

/** Tools are kept here between comparisons; nothing of them gets into the project. */
const CACHE = join(tmpdir(), 'connrig-generators');

const K6 = 'v1.8.1';
/** The newest that runs on the Node.js the rig supports. */
const ARTILLERY = '2.0.21';

export function installFloor(): Installed {
  const path = join(cacheOf('floor'), 'floor');
  return run('gcc', ['-O2', '-Wall', '-o', path, findGeneratorFile('floor.c')]) ?? { path };
}

export function installK6(): Installed {
  const folder = cacheOf(`k6-${K6}`);
  const path = join(folder, 'k6');
  if (existsSync(path)) return { path };
  return run('go', ['install', `go.k6.io/k6@${K6}`], { GOBIN: folder }) ?? { path };
}

export function installArtillery(): Installed {
  const folder = cacheOf(`artillery-${ARTILLERY}`);
  const path = join(folder, 'node_modules/artillery/bin/run');
  if (existsSync(path)) return { path };
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `artillery@${ARTILLERY}`];
  return run('npm', args) ?? { path };
}

export async function installTsung(): Promise<Installed> {
  const skipped = await install(['tsung'], (sentence) => void process.stderr.write(`${sentence}\n`));
  return skipped === undefined ? { path: find('tsung')! } : { skipped };
}

function cacheOf(name: string): string {
  const folder = join(CACHE, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** @returns why it failed; undefined when it didn't */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Installed | undefined {
  const { status, error, stderr } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_TIMEOUT_MS,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const why = error?.message ?? stderr.trim().split('\n').at(-1) ?? `it ended with ${status}`;
  return { skipped: `${command} ${args.join(' ')}: ${why}` };
}
