/** `malloc_trim` of glibc; undefined where there is none: another libc, no koffi. */
type Trim = (keepBytes: number) => number;

let loaded: Promise<Trim | undefined> | undefined;

/**
 * Gives pages that lie free between others in malloc's heaps back to the system. By itself glibc does so only at a heap's
 * end. One small piece there that is in use keeps everything below it resident.
 *
 * Where it can't be asked nothing happens: musl, no Linux, no koffi.
 */
export async function trimMalloc(): Promise<void> {
  loaded ??= loadTrim();
  (await loaded)?.(0);
}

/** Loaded when first asked for: elsewhere the library may not even be installed. */
async function loadTrim(): Promise<Trim | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    return koffi.load(null).func('int malloc_trim(size_t)') as Trim;
  } catch {
    return undefined;
  }
}
