import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ToolNeed } from './manifest.ts';

/** The environment that programs are looked for in, and run with. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A program that is here and will do. */
export interface Tool {
  readonly name: string;
  /** Such as `1.26.8`. */
  readonly version: string;
  /** What it said of itself. */
  readonly said: string;
  /** Where it lies, when that isn't in PATH. */
  readonly outsideFolder: string | null;
}

/** What is needed, and what is here. */
export interface ToolAnswer {
  readonly need: ToolNeed;
  readonly tool: Tool | null;
  /** Why there is none; empty when there is. */
  readonly lack: string;
}

const ANSWERS_WITHIN_MS = 30_000;

/** @returns a lookup of programs that asks each of them once */
export function openToolchains(env: Env): (need: ToolNeed) => Promise<ToolAnswer> {
  const known = new Map<string, Promise<ToolAnswer>>();
  return (need) => {
    const key = JSON.stringify(need);
    const answer = known.get(key) ?? findTool(need, env);
    known.set(key, answer);
    return answer;
  };
}

/** The first in PATH, or the newest of that and those in the folders that `also` names. */
async function findTool(need: ToolNeed, env: Env): Promise<ToolAnswer> {
  const [command = '', ...args] = need.check.split(/\s+/);
  const name = nameOf(command, args);
  const inPath = (env['PATH'] ?? '').split(delimiter).find((folder) => isProgram(join(folder, command)));
  const outside = need.also.flatMap(matching).filter((folder) => isProgram(join(folder, command)));
  const folders = [...(inPath === undefined ? [] : [inPath]), ...outside];
  if (folders.length === 0) return { need, tool: null, lack: `${command} is not installed` };

  const said = await Promise.all(folders.map((folder) => ask(join(folder, command), args, env)));
  const tools = said.flatMap((text, i): Tool[] => {
    const version = text === undefined ? undefined : /\d+(?:\.\d+)*/.exec(text)?.[0];
    const outsideFolder = folders[i] === inPath ? null : folders[i]!;
    return version === undefined ? [] : [{ name, version, said: text!.split('\n')[0]!, outsideFolder }];
  });
  const [first, ...others] = tools;
  if (!first) return { need, tool: null, lack: `${need.check} fails` };
  const newest = others.reduce((best, one) => (compareVersions(one.version, best.version) > 0 ? one : best), first);
  if (need.atLeast !== undefined && compareVersions(newest.version, need.atLeast) < 0) {
    return { need, tool: null, lack: `${name} is ${newest.version}; ${need.atLeast} is needed` };
  }
  return { need, tool: newest, lack: '' };
}

/** `python3 -m pip --version` is about pip. */
function nameOf(command: string, args: readonly string[]): string {
  const module = args.indexOf('-m');
  return (module === -1 ? undefined : args[module + 1]) ?? command;
}

/** By numbers: 1.9 is before 1.10. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one.split('.').map(Number), other.split('.').map(Number)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function matching(pattern: string): string[] {
  const [before, after] = pattern.split('*');
  if (after === undefined) return [pattern];
  try {
    return readdirSync(before!)
      .sort()
      .map((name) => `${before}${name}${after}`);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @returns what it prints, wherever it prints it; undefined when it fails */
function ask(path: string, args: readonly string[], env: Env): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(path, args, { env, timeout: ANSWERS_WITHIN_MS }, (error, stdout, stderr) =>
      resolve(error ? undefined : `${stdout}\n${stderr}`.trim()),
    );
  });
}
