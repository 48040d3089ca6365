import { readFileSync } from 'node:fs';

const AT_PAGESZ = 6n;
const USUAL_BYTES = 4096;
let pageSizeBytes: number | undefined;

/** Bytes in a page of this kernel, from the auxiliary vector it gave us. 4,096 on most, 16 or 64 KiB on some arm64. */
export function readPageSize(path = '/proc/self/auxv'): number {
  if (process.platform !== 'linux') return USUAL_BYTES;
  pageSizeBytes ??= parsePageSize(readFileSync(path));
  return pageSizeBytes;
}

/** @param auxv pairs of 64-bit numbers, key and value */
export function parsePageSize(auxv: Buffer): number {
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8));
  }
  return USUAL_BYTES;
}
