/** Structs and unions in the type information that a kernel carries of itself (BTF, Documentation/bpf/btf.rst). */

const MAGIC = 0xeb9f;
const KIND = { struct: 4, union: 5 } as const;
/** Bytes that follow a type's three words: once, and for each of its members. Types that aren't listed have none. */
const EXTRA: Readonly<Record<number, readonly [once: number, each: number]>> = {
  1: [4, 0], // integer
  3: [12, 0], // array
  4: [0, 12], // struct
  5: [0, 12], // union
  6: [0, 8], // enumeration
  13: [0, 8], // parameters of a function
  14: [4, 0], // variable
  15: [0, 12], // section
  17: [4, 0], // tag of a declaration
  19: [0, 12], // enumeration of 64 bits
};
const LAST_KIND = 19;

/**
 * Sizes of structs by their names, in bytes; those that aren't there, or come twice with other sizes, are left out.
 *
 * @throws RangeError when it isn't BTF, or of a later kind than is known here
 */
export function readStructSizes<Name extends string>(
  btf: Buffer,
  names: readonly Name[],
): Partial<Record<Name, number>> {
  if (btf.length < 24 || btf.readUInt16LE(0) !== MAGIC) throw new RangeError('it is no BTF of a little-endian kernel');
  const headerBytes = btf.readUInt32LE(4);
  const typesAt = headerBytes + btf.readUInt32LE(8);
  const typesEnd = typesAt + btf.readUInt32LE(12);
  const strings = btf.subarray(headerBytes + btf.readUInt32LE(16));
  const wanted = findStrings(strings, names);
  const sizes: Partial<Record<Name, number>> = {};
  const twice = new Set<Name>();
  for (let at = typesAt; at < typesEnd; ) {
    const info = btf.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    if (kind > LAST_KIND) throw new RangeError(`it has types of kind ${kind}`);
    const name = kind === KIND.struct || kind === KIND.union ? wanted.get(btf.readUInt32LE(at)) : undefined;
    if (name !== undefined) {
      const bytes = btf.readUInt32LE(at + 8);
      if (sizes[name] !== undefined && sizes[name] !== bytes) twice.add(name);
      sizes[name] = bytes;
    }
    const [once, each] = EXTRA[kind] ?? [0, 0];
    at += 12 + once + each * (info & 0xffff);
  }
  for (const name of twice) delete sizes[name];
  return sizes;
}

/** Where each of them stands: every name is there once, between two zeros. */
function findStrings<Name extends string>(strings: Buffer, names: readonly Name[]): ReadonlyMap<number, Name> {
  const found = new Map<number, Name>();
  for (const name of names) {
    const at = strings.indexOf(`\0${name}\0`, 0, 'latin1');
    if (at >= 0) found.set(at + 1, name);
  }
  return found;
}
