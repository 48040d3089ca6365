import { existsSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { RigError } from '../core/values/errors.ts';
import { word } from '../core/values/shell.ts';

/** @throws {RigError} ELISTEN */
export function listen(server: Server, host: string, port: number, backlog: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Where something listens: at a port, or at the path of a Unix socket. */
export type ListensOn = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * @returns the port; 0 for a Unix socket
 * @throws {RigError} ELISTEN
 */
export async function listenOn(server: Server, at: ListensOn, backlog: number): Promise<number> {
  if ('port' in at) return listen(server, at.host, at.port, backlog);
  const { path } = at;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(socketError(error, path)));
    server.listen({ path, backlog }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  return 0;
}

/** Waits until the last connection of a closing server is gone; after `graceMs` calls `drop`, which ends them. */
export async function closed(server: Server, graceMs: number, drop: () => void): Promise<void> {
  const deadline = setTimeout(drop, graceMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(deadline);
}

/** Nobody but this machine can connect to a listener on this address. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase();
  return address === 'localhost' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1';
}

/** The host's part of a URL: where a listener on "any address" can be reached from here. */
export function authorityOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function socketError(error: NodeJS.ErrnoException, path: string): RigError {
  const folder = dirname(path);
  const known: Readonly<Record<string, readonly [sentence: string, hint: string]>> = {
    EADDRINUSE: [
      `${path} is there already`,
      `rm ${word(path)}, if nobody listens there any more: ss -xlp src ${word(path)}`,
    ],
    // libuv says so of a folder that isn't there, too.
    EACCES: existsSync(folder)
      ? [`a socket at ${path} is not allowed`, 'choose a folder of your own']
      : [`there is no folder ${folder}`, `mkdir -p ${word(folder)}`],
  };
  const unknown = [`can't listen at ${path}: ${error.message}`, 'choose another path'] as const;
  const [sentence, hint] = known[error.code ?? ''] ?? unknown;
  return new RigError('ELISTEN', sentence, { hint, cause: error });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): RigError {
  const at = `${host}:${port}`;
  const known: Readonly<Record<string, readonly [sentence: string, hint: string]>> = {
    EADDRINUSE: [`${at} is taken`, `choose another port, or look who has it: ss -ltnp 'sport = :${port}'`],
    EACCES: [`listening on ${at} is not allowed`, 'choose a port above 1023'],
    EADDRNOTAVAIL: isLoopback(host)
      ? [`${host} is not there: the loopback interface is down, or has no such address`, 'ip link set lo up']
      : [`${host} is not an address of this machine`, 'list its addresses: ip -brief address'],
    ENOTFOUND: [`the host name ${host} is not known`, 'give an IP address, such as 127.0.0.1 or 0.0.0.0'],
  };
  const unknown = [`can't listen on ${at}: ${error.message}`, 'choose another --host or port'] as const;
  const [sentence, hint] = known[error.code ?? ''] ?? unknown;
  return new RigError('ELISTEN', sentence, { hint, cause: error });
}
