import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { Manifest } from './manifest.ts';

/** A target as it lies there: sources and manifest. */
export interface TargetSource {
  /** How it was asked for: its name, or the path of its folder. */
  readonly given: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Compilation leaves them where they are. */
const OURS = fileURLToPath(new URL('../../targets', import.meta.url));
const MANIFEST = 'target.yaml';

/** Names of the targets that come with the rig. */
export const targetNames = (): string[] =>
  readdirSync(OURS)
    .filter((name) => existsSync(join(OURS, name, MANIFEST)))
    .sort();

/**
 * Finds a target: one of ours by its name, anybody's by the path of its folder (`./my-server`).
 *
 * @returns a sentence when there is none, or its manifest won't do
 */
export function findTarget(nameOrFolder: string): TargetSource | string {
  const isPath = nameOrFolder.includes('/') || nameOrFolder === '.' || nameOrFolder === '..';
  const folder = isPath ? resolve(nameOrFolder) : join(OURS, nameOrFolder);
  if (!existsSync(join(folder, MANIFEST))) {
    return isPath
      ? `there is no ${MANIFEST} in ${folder}`
      : `there is no target "${nameOrFolder}", only ${targetNames().join(', ')}; a folder of your own has a slash: ./${nameOrFolder}`;
  }
  return readTarget(nameOrFolder, folder);
}

function readTarget(given: string, folder: string): TargetSource | string {
  const path = join(folder, MANIFEST);
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return `${path} can't be read: ${(error as Error).message.split('\n')[0]}`;
  }
  const { success, data: manifest, error } = Manifest.safeParse(value);
  if (!success) return `${path}: ${z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ')}`;
  if (manifest.name !== basename(folder)) return `${path}: its name is ${manifest.name}, its folder's is not`;
  return { given, folder, manifest };
}
