import { constants, endianness, networkInterfaces } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';

/**
 * The few calls of libc that the epoll engine and its workers need, as the process's own symbols, so that glibc and musl
 * both work. All return −1 on failure; {@link errorName} says why, until the next call.
 *
 * Pointers are typed arrays: koffi hands over the address of their memory, so results appear in them without a copy.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Int32Array, length: Int32Array): number;
  getsockname(fd: number, address: Uint8Array, length: Int32Array): number;
  getpeername(fd: number, address: Uint8Array, length: Int32Array): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  dup2(from: number, to: number): number;
  epollCreate(flags: number): number;
  epollCtl(epoll: number, operation: number, fd: number, event: Int32Array): number;
  /** To the microsecond where the system can, else to the next whole millisecond. */
  epollWait(epoll: number, events: Int32Array, count: number, timeoutMs: number): number;
  prctl(option: number, value: number): number;
  unshare(flags: number): number;
  sigmask(how: number, set: Uint8Array, old: null): number;
  usleep(micros: number): number;
  inetPton(family: number, text: string, address: Uint8Array): number;
  /** Why the last call failed, as a number: cheaper than its name. */
  errno(): number;
  /** `EAGAIN`, `ECONNREFUSED` …: why the last call failed. */
  errorName(): string;
  /** The name of an error number, such as a socket's own. */
  nameOf(errorNumber: number): string;
}

/** @throws when the library or one of its functions can't be had */
export function loadLibc(): Libc {
  const lib = koffi.load(null);
  return {
    socket: lib.func('int socket(int, int, int)'),
    bind: lib.func('int bind(int, void *, uint32_t)'),
    connect: lib.func('int connect(int, void *, uint32_t)'),
    setsockopt: lib.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: lib.func('int getsockopt(int, int, int, void *, void *)'),
    getsockname: lib.func('int getsockname(int, void *, void *)'),
    getpeername: lib.func('int getpeername(int, void *, void *)'),
    send: lib.func('intptr_t send(int, void *, size_t, int)'),
    recv: lib.func('intptr_t recv(int, void *, size_t, int)'),
    shutdown: lib.func('int shutdown(int, int)'),
    close: lib.func('int close(int)'),
    dup2: lib.func('int dup2(int, int)'),
    epollCreate: lib.func('int epoll_create1(int)'),
    epollCtl: lib.func('int epoll_ctl(int, int, int, void *)'),
    epollWait: epollWaiter(lib),
    prctl: lib.func('int prctl(int, uintptr_t)'),
    unshare: lib.func('int unshare(int)'),
    sigmask: lib.func('int pthread_sigmask(int, void *, void *)'),
    usleep: lib.func('int usleep(uint32_t)'),
    inetPton: lib.func('int inet_pton(int, const char *, void *)'),
    errno: () => koffi.errno(),
    errorName: () => nameOf(koffi.errno()),
    nameOf,
  };
}

/** `epoll_pwait2`, by its number since musl and older versions of glibc have no name for it. */
const SYS_EPOLL_PWAIT2 = 441;

/**
 * Linux 5.11 and later wait for less than a millisecond, without which half of one would be in every response time. Older
 * ones don't know that call, and a sandbox may refuse what it doesn't know: there it is the older one from then on.
 */
function epollWaiter(lib: LibraryHandle): Libc['epollWait'] {
  const inMs = lib.func('int epoll_wait(int, void *, int, int)');
  const exactly = lib.func('intptr_t syscall(intptr_t, int, void *, int, void *, void *, size_t)');
  /** Two whole numbers of 64 bits: seconds and nanoseconds, of which the lower halves are enough. */
  const timeout = new Uint32Array(4);
  const lower = endianness() === 'LE' ? 0 : 1;
  let isExact = true;
  return (epoll, events, count, timeoutMs) => {
    if (isExact && timeoutMs > 0) {
      timeout[lower] = timeoutMs / 1000;
      timeout[2 + lower] = (timeoutMs % 1000) * 1e6;
      const ready = exactly(SYS_EPOLL_PWAIT2, epoll, events, count, timeout, null, 0);
      if (ready >= 0 || !NOT_HAD.includes(koffi.errno())) return ready;
      isExact = false;
    }
    return inMs(epoll, events, count, Math.ceil(timeoutMs));
  };
}
const NOT_HAD: readonly number[] = [constants.errno.ENOSYS, constants.errno.EPERM];

/** From 111 to `ECONNREFUSED`, as this system numbers them. */
const ERROR_NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
// Two names for one number; which comes last isn't ours to decide.
ERROR_NAMES.set(constants.errno.EAGAIN, 'EAGAIN');
const nameOf = (errorNumber: number): string => ERROR_NAMES.get(errorNumber) ?? `error ${errorNumber}`;

export const { EAGAIN, EINPROGRESS, EINTR } = constants.errno;
/** Linux's values; the same on every architecture that Node runs on. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_LINGER = 13;
export const IPPROTO_IP = 0;
/** Works for IPv6 sockets too. */
export const IP_BIND_ADDRESS_NO_PORT = 24;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const MSG_NOSIGNAL = 0x4000;
export const SHUT_WR = 1;
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 1 << 31;
export const CLONE_FILES = 0x400;
export const SIG_BLOCK = 0;
export const PR_SET_TIMERSLACK = 29;

/**
 * `struct epoll_event` as 32-bit words: the events, then the two words that are ours to use. Packed to 12 bytes on
 * x86-64 only; elsewhere the 64-bit data is aligned, which makes it 16.
 */
export const EPOLL_EVENT = process.arch === 'x64' ? { words: 3, data: 1 } : { words: 4, data: 2 };

/** `struct sockaddr_un`, as long as its path asks for. */
export function pathAddress(path: string): Uint8Array {
  const bytes = Buffer.from(path);
  const address = new Uint8Array(2 + bytes.length + 1);
  new DataView(address.buffer).setUint16(0, AF_UNIX, endianness() === 'LE');
  address.set(bytes, 2);
  return address;
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(libc: Libc, ip: string, port: number): Uint8Array {
  const family = ip.includes(':') ? AF_INET6 : AF_INET;
  const address = new Uint8Array(family === AF_INET ? 16 : 28);
  const view = new DataView(address.buffer);
  view.setUint16(0, family, endianness() === 'LE');
  setPort(address, port);
  const parsed = new Uint8Array(16);
  const [bare = '', zone] = ip.split('%');
  if (libc.inetPton(family, bare, parsed) !== 1) throw new TypeError(`"${ip}" is not an IP address`);
  if (family === AF_INET) address.set(parsed.subarray(0, 4), 4);
  else {
    address.set(parsed, 8);
    view.setUint32(24, zone === undefined ? 0 : interfaceIndex(zone), endianness() === 'LE');
  }
  return address;
}

/** By number or name. An interface without a link-local address has none that needs it. */
function interfaceIndex(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  const indices = (networkInterfaces()[zone] ?? []).map((at) => (at.family === 'IPv6' ? at.scopeid : 0));
  return Math.max(0, ...indices);
}

/** Ports are in network byte order, whatever the machine's. */
export function setPort(address: Uint8Array, port: number): void {
  address[2] = port >> 8;
  address[3] = port & 0xff;
}
