import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connectInspector } from '../../memory/inspector.ts';
import { listTree } from '../../memory/process-tree.ts';
import { readRuntimeKind } from '../../memory/runtime-kind.ts';
import { authorityOf } from '../../telemetry/listen.ts';
import { type ListensAt, watchNewListeners, whereAnybodyListens } from '../preflight/listeners.ts';

/** A process that is busy takes the signal up by a thread of its own. The machine may be busy as well. */
const OPEN_WITHIN_MS = 10_000;
const CONNECT_WITHIN_MS = 5000;
const POLL_MS = 20;
/** Where inspectors listen unless they were told otherwise. */
const USUAL_PORT = 9229;
/** SIGUSR1 in a mask of signals: bit 0 is signal 1. */
const SIGUSR1_BIT = 1n << 9n;

/** Inspectors that were not there before us. */
export interface WokenInspectors {
  /** host:port each. */
  readonly addresses: readonly string[];
  /** Node.js processes of the target that stay without one, each with the reason, as a clause. */
  readonly refused: ReadonlyArray<{ readonly pid: number; readonly why: string }>;
  /** Has every process end its inspector, so that it is left as it was found. */
  close(): Promise<void>;
}

/**
 * Has the Node.js processes of a target listen for a debugger: they do at SIGUSR1, unless they were told otherwise. The signal
 * goes to nobody who doesn't catch it, since it would end there.
 *
 * @param roots of process trees: what has merely started a server, such as npm, would take its inspector's port
 */
export async function wakeInspectors(roots: readonly number[]): Promise<WokenInspectors> {
  const addresses: string[] = [];
  const refused: Array<{ pid: number; why: string }> = [];
  const pids = listTree(roots).filter((pid) => readRuntimeKind(pid) === 'node');
  // The primary of node:cluster wakes its workers by itself, so all are looked at before the first is woken.
  const listeners = await Promise.all(pids.map((pid) => watchNewListeners(pid)));
  for (const [i, pid] of pids.entries()) {
    const woken = await wake(pid, listeners[i]!);
    if ('address' in woken) addresses.push(woken.address);
    else refused.push({ pid, why: woken.why });
  }
  const close = async (): Promise<void> => {
    await Promise.all(addresses.map(putToSleep));
  };
  return { addresses, refused, close };
}

/** @param newListeners tells where it listens that nobody did before any was woken */
async function wake(
  pid: number,
  newListeners: () => Promise<readonly ListensAt[]>,
): Promise<{ readonly address: string } | { readonly why: string }> {
  if (hasOption(pid, 'inspect(?:-brk)?')) return { why: 'it has an inspector already; name it by --inspect host:port' };
  if (!catchesTheSignal(pid)) return { why: 'it does not take SIGUSR1 (--disable-sigusr1, or it is just starting)' };
  // It would say on its stderr that it can't listen, and nothing else would come of it.
  if (!hasOption(pid, '(?:inspect|debug)[-_]port') && (await whereAnybodyListens([USUAL_PORT])).length > 0) {
    return { why: `somebody listens at the port ${USUAL_PORT}, where its inspector would be (node --inspect-port=0)` };
  }
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (error) {
    return { why: (error as NodeJS.ErrnoException).code === 'EPERM' ? 'it is of another user' : 'it has ended' };
  }
  for (const deadline = performance.now() + OPEN_WITHIN_MS; performance.now() < deadline; await delay(POLL_MS)) {
    for (const { ip, port } of await newListeners()) {
      const address = `${authorityOf(ip)}:${port}`;
      // A port that it opened by chance meanwhile is no inspector, and says so.
      const inspector = await connectInspector(address, CONNECT_WITHIN_MS).catch(() => undefined);
      if (!inspector) continue;
      await inspector.close();
      return { address };
    }
  }
  return { why: 'no inspector came up: it uses SIGUSR1 itself, or its port is taken (node --inspect-port=0)' };
}

/** @param option a pattern: whether it was started with such an option, or has it from NODE_OPTIONS */
function hasOption(pid: number, option: string): boolean {
  const textOf = (file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  const options = `${textOf('cmdline')}\0${/(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(textOf('environ'))?.[1] ?? ''}`;
  return new RegExp(`(?:^|[\\0\\s])--${option}(?:[=\\0\\s]|$)`).test(options);
}

/** Before it does, and where it never will, the signal ends the process. */
function catchesTheSignal(pid: number): boolean {
  try {
    const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return (BigInt(`0x${mask}`) & SIGUSR1_BIT) !== 0n;
  } catch {
    return false;
  }
}

/** The process may be gone, or somebody else debug it: then there is nothing to put right. */
async function putToSleep(address: string): Promise<void> {
  const inspector = await connectInspector(address, CONNECT_WITHIN_MS).catch(() => undefined);
  await inspector?.end();
}
