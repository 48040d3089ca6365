import { loadLibc, pathAddress } from '../../fleet/engines/libc.ts';
import { startEcho } from './echo.ts';
import { unusedPath } from './peers.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** A socket of datagrams, to which nobody connects as to a stream. */
export function datagramSocket(): { readonly path: string } & Disposable {
  const libc = loadLibc();
  const path = unusedPath();
  const address = pathAddress(path);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
  if (libc.bind(fd, address, address.length) < 0) throw new Error(libc.errorName());
  return { path, [Symbol.dispose]: () => void libc.close(fd) };
}

/** The file of a socket whose server was killed. */
export async function leftBehind(): Promise<string> {
  const path = unusedPath();
  const server = await startEcho('tcp', { path });
  await server.close();
  return path;
}
