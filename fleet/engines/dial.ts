import type { SocketRoute } from './addresses.ts';
import {
  AF_UNIX,
  EAGAIN,
  EINPROGRESS,
  EINTR,
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  IPPROTO_TCP,
  type Libc,
  SO_LINGER,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from './libc.ts';

const ONE = new Int32Array([1]);
const LINGER_ZERO = new Int32Array([1, 0]);

/**
 * A socket that connects along a route, without waiting for it.
 *
 * @param hasPort the route's source names its port, not only its address
 * @returns its descriptor, or the system's word for why there is none; at a Unix socket it is yet to {@link enter}
 */
export function dial(libc: Libc, { family, source, destination }: SocketRoute, hasPort: boolean): number | string {
  const fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.errorName();
  // Its turn comes behind those that wait already: see enter.
  if (family === AF_UNIX) return fd;
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
  if (source) {
    // Without the first a port could serve one destination only; with the second, port 0 is filled in by connect, which
    // knows the destination.
    libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE, 4);
    if (!hasPort) libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ONE, 4);
    if (libc.bind(fd, source, source.length) < 0) return abandon(libc, fd);
  }
  if (libc.connect(fd, destination, destination.length) < 0 && libc.errno() !== EINPROGRESS) return abandon(libc, fd);
  return fd;
}

/**
 * Connects at a Unix socket, at once or not at all (unix_stream_connect in net/unix/af_unix.c). Where the backlog is full a
 * socket that doesn't block gets EAGAIN, and stays as it was. No event tells when there is room: it has to ask again.
 *
 * @returns true: it is connected, and waits in the backlog; false: the backlog is full; else the system's word for what is wrong
 */
export function enter(libc: Libc, fd: number, { destination }: SocketRoute): boolean | string {
  if (libc.connect(fd, destination, destination.length) >= 0) return true;
  const errno = libc.errno();
  return errno === EAGAIN || errno === EINTR ? false : libc.errorName();
}

/** Its peer is to see a reset. */
export function resetWhenClosed(libc: Libc, fd: number): void {
  libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, LINGER_ZERO, 8);
}

/** Closes a socket of which a call has just failed. @returns the system's word for why */
export function abandon(libc: Libc, fd: number): string {
  const why = libc.errorName();
  libc.close(fd);
  return why;
}
