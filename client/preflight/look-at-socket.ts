import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { RigError } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import { systemCodeOf } from '../../memory/meter.ts';
import { readUnixBacklog } from '../../memory/unix-ends.ts';
import { isOfDatagrams } from './socket-listeners.ts';

/** Why nobody can connect at a path. */
export interface SocketFault {
  /** For behind a URL and a colon. */
  readonly why: string;
  readonly hint: string;
}

const PATIENCE_MS = 2000;

/**
 * What is wrong with a Unix socket. A connection is made only where it can't be seen otherwise whether anybody listens.
 *
 * @returns undefined when it takes connections, as far as can be told
 */
export async function lookAtSocket(path: string): Promise<SocketFault | undefined> {
  let file: Stats;
  try {
    file = statSync(path);
  } catch (error) {
    return faultOfPath(path, systemCodeOf(error) ?? '');
  }
  if (!file.isSocket()) {
    const what = file.isDirectory() ? 'a folder' : 'a file of another kind';
    return { why: `${path} is ${what}, and no socket`, hint: `ss -xl, to see at which paths somebody listens` };
  }
  if (!mayWrite(path)) return faultOfRights(path, file);
  if (isOfDatagrams(path)) {
    return {
      why: `${path} is a socket of datagrams, which has no connections`,
      hint: 'ss -xl, to see which of them are streams',
    };
  }
  // A server in a container is in another list than ours.
  if ((await readUnixBacklog(path)) !== null) return undefined;
  return faultOfAnswer(path, file, await answerAt(path));
}

/** @throws RigError EREFUSED where a URL names a Unix socket that takes no connections */
export async function checkSocket({ socketPath, text }: TargetUrl): Promise<void> {
  const found = socketPath === undefined ? undefined : await lookAtSocket(socketPath);
  if (socketPath === undefined || found === undefined) return;
  const fault = withoutColon(socketPath, text) ?? found;
  throw new RigError('EREFUSED', `${text}: ${fault.why}`, { hint: fault.hint });
}

function faultOfPath(path: string, code: string): SocketFault {
  const folder = dirname(path);
  if (code === 'EACCES') {
    return { why: `the folder ${folder} may not be entered`, hint: `namei -l ${word(path)}, to see who may` };
  }
  const isThere = code === 'ENOENT' && statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  return isThere
    ? {
        why: `there is no ${path}`,
        hint: `start the server, or have it started: --command; ls ${word(folder)}, to see what is there`,
      }
    : { why: `there is no folder ${folder}`, hint: 'ss -xl, to see at which paths somebody listens' };
}

/** What is asked was taken for a part of the path. */
function withoutColon(path: string, text: string): SocketFault | undefined {
  const socket = foldersOf(path).find(isSocket);
  if (socket === undefined) return undefined;
  const scheme = text.slice(0, text.indexOf(':'));
  const at = `${scheme}://${socket}`;
  if (scheme.startsWith('tcp')) return { why: `${socket} is a socket, and no folder`, hint: at };
  return {
    why: `${socket} is a socket: a colon comes between it and what is asked`,
    hint: `${at}:${path.slice(socket.length)}`,
  };
}

/** From the nearest to the farthest. */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersOf(folder)];
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

const faultOfRights = (path: string, { uid, mode }: Stats): SocketFault => ({
  why: `${userInfo().username} may not write to ${path} (${(mode & 0o777).toString(8)}, of user ${uid}), and so not connect`,
  hint: `chmod o+w ${word(path)}, or run connrig as its user or a member of its group`,
});

function faultOfAnswer(path: string, file: Stats, code: string | undefined): SocketFault | undefined {
  if (code === 'EACCES') return faultOfRights(path, file);
  if (code === 'EPROTOTYPE') {
    return { why: `${path} is no socket of streams`, hint: 'ss -xl, to see which of them are streams' };
  }
  if (code !== 'ECONNREFUSED') return undefined;
  return {
    why: `nobody listens at ${path}; a server that has ended left it there`,
    hint: `start the server, after rm ${word(path)} where it says that its address is in use`,
  };
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns the system's word for why it took no connection; undefined when it did, or its backlog is full */
function answerAt(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (code: string | undefined): void => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(PATIENCE_MS, () => end(undefined));
    socket.once('connect', () => end(undefined)).once('error', (error) => end(systemCodeOf(error)));
  });
}
