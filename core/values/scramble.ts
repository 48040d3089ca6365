/** A bijection on 32-bit numbers in which every bit of the result depends on every bit given (murmur3's finaliser). */
export function scramble(word: number): number {
  let w = word ^ (word >>> 16);
  w = Math.imul(w, 0x85ebca6b);
  w ^= w >>> 13;
  w = Math.imul(w, 0xc2b2ae35);
  return (w ^ (w >>> 16)) >>> 0;
}
