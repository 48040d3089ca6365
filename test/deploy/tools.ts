import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf } from '../support/needs.ts';

const TIMEOUT_MS = 240_000;
const KEDA = 'github.com/kedacore/keda/v2@v2.21.0';
/** What is installed stays here between tests, by its versions. */
const CACHE = join(tmpdir(), 'connrig-deploy-tools');

/** @returns a folder with packages of PyPI, to be named in PYTHONPATH; their programs are in its `bin` */
export function installPython(...packages: readonly string[]): string {
  const folder = join(CACHE, packages.join('+'));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Moved when it is whole: somebody else may be installing, or be interrupted.
  const made = `${folder}.${process.pid}`;
  const args = ['install', '--quiet', '--disable-pip-version-check', '--target', made, ...packages];
  execFileSync(commandOf('pip3'), args, { timeout: TIMEOUT_MS, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** KEDA's definition of a ScaledObject, as its module has it: nothing is built. */
export function scaledObjectDefinition(): string {
  const said = execFileSync(commandOf('go'), ['mod', 'download', '-json', KEDA], {
    cwd: tmpdir(),
    timeout: TIMEOUT_MS,
    encoding: 'utf8',
  });
  const { Dir: folder } = JSON.parse(said) as { Dir: string };
  return join(folder, 'config/crd/bases/keda.sh_scaledobjects.yaml');
}
