import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Destination, Endpoint, SocketEndpoint } from '../../fleet/engines/engine.ts';
import { type EchoProcess, startEcho } from './echo.ts';

export const HOST = '127.0.0.1';
export const KIB = 1024;
export const MIB = 1024 * KIB;

/** From util-linux: node itself can't change its limits. */
const PRLIMIT = 'prlimit';

export const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

type CreateServer = (options: { allowHalfOpen?: boolean }, onConnection: (socket: Socket) => void) => Server;

export const withServer = (
  options: { allowHalfOpen?: boolean },
  onConnection: (socket: Socket) => void,
  body: (at: Endpoint) => Promise<void>,
  create: CreateServer = createServer,
): Promise<void> => withServerOf(create, listenAtPort, options, onConnection, body);

/** @param listenSomewhere where connections go to */
export async function withServerOf<At extends Destination>(
  create: CreateServer,
  listenSomewhere: (server: Server) => Promise<At>,
  options: { allowHalfOpen?: boolean },
  onConnection: (socket: Socket) => void,
  body: (at: At) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = create(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    onConnection(socket);
    if (socket.readableFlowing === null) socket.resume();
  });
  try {
    await body(await listenSomewhere(server));
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A listener whose queue is full: attempts to connect stay attempts. */
export async function withFullBacklog(
  body: (at: Destination, server: EchoProcess) => Promise<void>,
  path?: string,
): Promise<void> {
  const server = await startEcho('tcp', { backlog: 1, ...(path !== undefined && { path }) });
  const place = path === undefined ? { port: server.port, host: HOST } : { path };
  server.kill('SIGSTOP');
  const fillers: Socket[] = [];
  const connects = (): Promise<boolean> =>
    new Promise((resolve) => {
      const filler = connect(place, () => resolve(true)).on('error', () => resolve(false));
      fillers.push(filler);
      // After a stall the answer may be there already.
      setTimeout(() => setImmediate(resolve, false), 300);
    });
  try {
    while (await connects());
    await body(server.at, server);
  } finally {
    for (const filler of fillers) filler.destroy();
    await server.close();
  }
}

export const listenAtPort = async (server: Server): Promise<Endpoint> => ({ ip: HOST, port: await listen(server) });

let sockets = 0;
const socketFolders: string[] = [];
process.once('exit', () => {
  for (const folder of socketFolders) rmSync(folder, { recursive: true, force: true });
});

/** The path of a Unix socket that isn't there yet, in a folder that goes with this process. */
export function unusedPath(): string {
  if (socketFolders.length === 0) socketFolders.push(mkdtempSync('/tmp/connrig-sockets-'));
  return `${socketFolders[0]}/${sockets++}.sock`;
}

export async function listenAtPath(server: Server): Promise<SocketEndpoint> {
  const path = unusedPath();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path };
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
