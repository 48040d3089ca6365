/** The few calls of libc that a question by netlink takes. All return −1 on failure. */
export interface Netlink {
  socket(domain: number, type: number, protocol: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  close(fd: number): number;
  errno(): number;
}

let loaded: Promise<Netlink> | undefined;

/** Loaded when first asked for: elsewhere the library may not even be installed. */
export function loadNetlink(): Promise<Netlink> {
  if (process.platform !== 'linux') throw new Error(`there is none on ${process.platform}`);
  loaded ??= import('koffi').then(({ default: koffi }) => {
    const lib = koffi.load(null);
    return {
      socket: lib.func('int socket(int, int, int)'),
      send: lib.func('intptr_t send(int, void *, size_t, int)'),
      recv: lib.func('intptr_t recv(int, void *, size_t, int)'),
      close: lib.func('int close(int)'),
      errno: () => koffi.errno(),
    };
  });
  return loaded;
}
