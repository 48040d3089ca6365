import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { RuntimeKind } from '../core/values/runtimes.ts';

/** Names of executables, without their version: `python3.12`, `ruby3.1`. */
const BY_NAME: ReadonlyArray<readonly [RegExp, RuntimeKind]> = [
  [/^(?:node|nodejs)$/, 'node'],
  [/^deno$/, 'deno'],
  [/^bun$/, 'bun'],
  [/^java$/, 'java'],
  [/^dotnet$/, 'dotnet'],
  [/^(?:python|pypy)[\d.]*$/, 'python'],
  [/^ruby[\d.]*$/, 'ruby'],
  [/^beam(?:\.smp)?$/, 'erlang'],
];
/** Libraries that a program of another name carries its runtime in. */
const BY_LIBRARY: ReadonlyArray<readonly [RegExp, RuntimeKind]> = [
  [/\/libnode\.so/, 'node'],
  [/\/libjvm\.so/, 'java'],
  [/\/libcoreclr\.so/, 'dotnet'],
  [/\/libpython[\d.]+\.so/, 'python'],
  [/\/libruby[-\d.]*\.so/, 'ruby'],
];
/** What the linker of Go has in every executable of its own (debug/buildinfo). */
const GO_SECTIONS = ['.go.buildinfo', '.note.go.buildid'];

/**
 * What the first of these processes runs on that has a runtime: a shell that started it has none.
 *
 * @returns undefined where none of them may be looked at
 */
export function readRuntimeOf(pids: readonly number[]): RuntimeKind | undefined {
  const kinds = pids.map(readRuntimeKind).filter((kind) => kind !== undefined);
  return kinds.find((kind) => kind !== 'native') ?? kinds[0];
}

/**
 * What a process of this machine runs on, by its executable and the libraries it has loaded.
 *
 * @returns `native` for what is none of the others (C, C++, Rust); undefined where the process may not be looked at, or is gone
 */
export function readRuntimeKind(pid: number): RuntimeKind | undefined {
  let executable: string;
  try {
    executable = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
  const named = BY_NAME.find(([name]) => name.test(basename(executable)));
  if (named) return named[1];
  const libraries = readLibraries(pid);
  const carried = BY_LIBRARY.find(([library]) => library.test(libraries));
  if (carried) return carried[1];
  return readSectionNames(`/proc/${pid}/exe`).some((name) => GO_SECTIONS.includes(name)) ? 'go' : 'native';
}

function readLibraries(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1');
  } catch {
    return '';
  }
}

/** An ELF header of 64 bits, and where in it stand: section headers, their size, number, and the one with their names. */
const HEADER = { bytes: 64, sections: 40, sectionBytes: 58, sectionCount: 60, namesIndex: 62 } as const;
/** The first four bytes, then the class: 64 bits, little-endian. */
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
/** No linker's executable has so many, or names so long: anything beyond is not an executable we know. */
const MOST_SECTION_BYTES = 1 << 20;

/** @returns none where the file isn't an ELF of 64 bits, little-endian (System V ABI, chapter 4) */
function readSectionNames(path: string): string[] {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const header = readAt(file, 0, HEADER.bytes);
    if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return [];
    const each = header.readUInt16LE(HEADER.sectionBytes);
    const count = header.readUInt16LE(HEADER.sectionCount);
    const sections = readAt(file, Number(header.readBigUInt64LE(HEADER.sections)), each * count);
    const own = sections.subarray(each * header.readUInt16LE(HEADER.namesIndex));
    const names = readAt(file, Number(own.readBigUInt64LE(24)), Number(own.readBigUInt64LE(32)));
    return Array.from({ length: count }, (_, i) => {
      const from = sections.readUInt32LE(i * each);
      return names.toString('latin1', from, names.indexOf(0, from));
    });
  } catch {
    // Cut short, packed, or not ours to read.
    return [];
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  if (length > MOST_SECTION_BYTES) throw new RangeError(`${length} bytes of an ELF header`);
  const buffer = Buffer.alloc(length);
  if (readSync(file, buffer, 0, length, position) < length)
    throw new RangeError('the file ends before its header says');
  return buffer;
}
