import { type Libc, MSG_NOSIGNAL } from './libc.ts';

/** Sends until the socket takes no more. @returns how many bytes it took, or the system's word for why it is broken */
export function sendMost(libc: Libc, fd: number, bytes: Uint8Array): number | string {
  let sent = 0;
  while (sent < bytes.length) {
    const rest = sent === 0 ? bytes : bytes.subarray(sent);
    const taken = libc.send(fd, rest, rest.length, MSG_NOSIGNAL);
    if (taken >= 0) {
      sent += taken;
      continue;
    }
    const why = libc.errorName();
    if (why === 'EINTR') continue;
    return why === 'EAGAIN' ? sent : why;
  }
  return sent;
}
