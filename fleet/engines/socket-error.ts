import { type Libc, SO_ERROR, SOL_SOCKET } from './libc.ts';

const value = new Int32Array(1);
const valueLength = new Int32Array(1);

/** What went wrong with a socket, as the system calls it; reading clears it. @returns undefined when nothing did */
export function readSocketError(libc: Libc, fd: number): string | undefined {
  valueLength[0] = 4;
  value[0] = 0;
  libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, valueLength);
  return value[0] === 0 ? undefined : libc.nameOf(value[0]!);
}
