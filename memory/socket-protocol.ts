/** What kind a socket is, as the kernel calls it: TCP, TCPv6, UDP, UNIX-STREAM … (net/socket.c). */
const ATTRIBUTE = 'system.sockprotoname';
const NAME_BYTES = 32;

/** @returns undefined where the path leads to no socket, or not any more */
export type ProtocolOf = (path: string) => string | undefined;

let loaded: Promise<ProtocolOf> | undefined;

/**
 * Tells what kind of socket a descriptor is, by its path below /proc. A TCP socket that was reset, or never used, is in
 * none of the kernel's lists and takes its memory all the same: only this tells it from others.
 *
 * @returns null where there is no such thing: no Linux, no koffi
 */
export async function loadProtocolOf(): Promise<ProtocolOf | null> {
  if (process.platform !== 'linux') return null;
  loaded ??= import('koffi').then(({ default: koffi }) => {
    const getxattr = koffi.load(null).func('intptr_t getxattr(const char *, const char *, void *, size_t)');
    const name = Buffer.alloc(NAME_BYTES);
    return (path) => {
      const length = Number(getxattr(path, ATTRIBUTE, name, NAME_BYTES));
      return length > 0 ? name.toString('latin1', 0, length).replace(/\0.*$/, '') : undefined;
    };
  });
  return loaded.catch(() => null);
}
