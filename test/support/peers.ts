import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../../fleet/engines/engine.ts';
import { startEcho } from './echo.ts';

export const HOST = '127.0.0.1';
export const KIB = 1024;
export const MIB = 1024 * KIB;

/** From util-linux: node itself can't change its limits. */
const PRLIMIT = 'prlimit';

export const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

export async function withServer(
  options: { allowHalfOpen?: boolean },
  onConnection: (socket: Socket) => void,
  body: (at: Endpoint) => Promise<void>,
  create: (options: { allowHalfOpen?: boolean }, onConnection: (socket: Socket) => void) => Server = createServer,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = create(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    onConnection(socket);
    if (socket.readableFlowing === null) socket.resume();
  });
  try {
    await body({ ip: HOST, port: await listen(server) });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A listener whose queue is full: attempts to connect stay attempts. */
export async function withFullBacklog(body: (at: Endpoint) => Promise<void>): Promise<void> {
  const server = await startEcho('tcp', { backlog: 1 });
  server.kill('SIGSTOP');
  const fillers: Socket[] = [];
  const connects = (): Promise<boolean> =>
    new Promise((resolve) => {
      const filler = connect(server.port, HOST, () => resolve(true)).on('error', () => resolve(false));
      fillers.push(filler);
      // After a stall the answer may be there already.
      setTimeout(() => setImmediate(resolve, false), 300);
    });
  try {
    while (await connects());
    await body({ ip: HOST, port: server.port });
  } finally {
    for (const filler of fillers) filler.destroy();
    await server.close();
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: HOST, port: 0 }, resolve));
  return (server.address() as AddressInfo).port;
}

export async function unusedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const descriptors = (): number => readdirSync('/proc/self/fd').length;

export const openFilesLimit = (): number =>
  Number(/Max open files +\d+ +(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))![1]);

export function setOpenFilesLimit(soft: number, hard: number): void {
  execFileSync(PRLIMIT, [`--pid=${process.pid}`, `--nofile=${soft}:${hard}`]);
}

/** States of the sockets bound to a port of 127.0.0.1, as /proc/net/tcp writes them. */
export function tcpStates(port: number): string[] {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap(([, at, , state]) => (at === local && state ? [state] : []));
}

/** Bytes that don't repeat in any power of two. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return bytes;
}
