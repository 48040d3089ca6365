import { readFileSync } from 'node:fs';

/**
 * TCP sockets as the kernel counts them; on loopback both ends are among them. Only {@link Sockstat.inUse} is of this
 * network namespace; the kernel keeps the other figures for the whole machine.
 */
export interface Sockstat {
  /** IPv4 and IPv6 sockets in any state but TIME_WAIT, listening ones included. */
  readonly inUse: number;
  /** All TCP sockets that have memory, those without a file descriptor included. */
  readonly allocated: number;
  /** Closed by their process, still finishing in the kernel. */
  readonly orphans: number;
  readonly timeWait: number;
  /** Buffers of TCP sockets as accounted against tcp_mem; the socket objects themselves are not in it. */
  readonly bufferBytes: number;
}

/**
 * Reads /proc/net/sockstat and sockstat6 (two small files, O(1) in the number of sockets).
 *
 * @returns undefined where they can't be read
 */
export function readSockstat(): Sockstat | undefined {
  const v4 = readText('/proc/net/sockstat');
  if (v4 === undefined) return undefined;
  return parseSockstat(v4, readText('/proc/net/sockstat6') ?? '', pageBytes());
}

/** The pure part of {@link readSockstat}. */
export function parseSockstat(v4: string, v6: string, bytesPerPage: number): Sockstat | undefined {
  const tcp = fieldsOf(v4, 'TCP');
  if (tcp === undefined) return undefined;
  return {
    // The other figures already span both families.
    inUse: (tcp.get('inuse') ?? 0) + (fieldsOf(v6, 'TCP6')?.get('inuse') ?? 0),
    allocated: tcp.get('alloc') ?? 0,
    orphans: tcp.get('orphan') ?? 0,
    timeWait: tcp.get('tw') ?? 0,
    bufferBytes: (tcp.get('mem') ?? 0) * bytesPerPage,
  };
}

/** `TCP: inuse 5 orphan 0 …` as a map; undefined when there is no such line. */
function fieldsOf(text: string, family: string): Map<string, number> | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${family}:`));
  if (line === undefined) return undefined;
  const words = line.split(/\s+/).slice(1);
  const fields = new Map<string, number>();
  for (let i = 0; i + 1 < words.length; i += 2) fields.set(words[i] ?? '', Number(words[i + 1]));
  return fields;
}

const AT_PAGESZ = 6n;
let knownPageBytes: number | undefined;

/** Bytes of a memory page, from the auxiliary vector the kernel gave this process: 4096 nearly everywhere. */
export function pageBytes(): number {
  knownPageBytes ??= readPageBytes();
  return knownPageBytes;
}

function readPageBytes(): number {
  try {
    const auxv = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= auxv.length; at += 16) {
      if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8));
    }
  } catch {
    // No /proc: nothing that counts in pages is readable then either.
  }
  return 4096;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
