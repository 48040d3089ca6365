import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from '../../core/values/errors.ts';
import { connectInspector, type Inspector } from '../../memory/inspector.ts';
import { Missing } from '../../memory/meter.ts';
import { listTree } from '../../memory/process-tree.ts';
import { interrupted } from '../conductor/watch.ts';
import type { Target } from './target.ts';

/** A target that we have just started may begin to inspect a moment after it listens; others are there or not. */
const START_WITHIN_MS = 10_000;
const CONNECT_WITHIN_MS = 5000;
const POLL_MS = 50;

/** Inspectors of a target's processes, for the time of one leg. */
export interface Inspectors {
  readonly all: readonly Inspector[];
  /** To be called before the target is stopped: a Node.js process that wants to end waits for it. */
  close(): Promise<void>;
}

/**
 * Connects to the inspectors of a target, and makes sure that they are its.
 *
 * @param addresses host:port each; none: there is nothing to connect to
 * @throws RigError EINSPECTOR; ETARGETDIED or EINTERRUPTED while waiting
 */
export async function inspectTarget(
  addresses: readonly string[],
  target: Pick<Target, 'kind' | 'pid' | 'death'>,
  signal: AbortSignal,
  startWithinMs = START_WITHIN_MS,
): Promise<Inspectors> {
  const all: Inspector[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(all.map((inspector) => inspector.close()));
  };
  const deadline = performance.now() + (target.kind === 'command' ? startWithinMs : 0);
  try {
    for (const address of addresses) {
      const inspector = await connectBy(deadline, address, target, signal);
      const twin = all.find(({ pid }) => pid === inspector.pid);
      all.push(inspector);
      if (twin) throw refusal(address, `is the inspector of the same process as ${twin.address}`, whose(address));
      assertOurs(inspector, target.pid);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { all, close };
}

async function connectBy(
  deadline: number,
  address: string,
  target: Pick<Target, 'death'>,
  signal: AbortSignal,
): Promise<Inspector> {
  for (;;) {
    try {
      return await connectInspector(address, CONNECT_WITHIN_MS);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      const death = target.death();
      if (death) throw death;
      if (signal.aborted) throw interrupted();
      if (performance.now() >= deadline) {
        throw refusal(
          address,
          `is not the inspector of a Node.js process: ${error.message}`,
          `node --inspect=${address} …`,
        );
      }
      await delay(POLL_MS);
    }
  }
}

/** The heap of another process would make a wrong ledger of this one. */
function assertOurs({ address, pid }: Inspector, root: number | null): void {
  if (root === null || process.platform !== 'linux') return;
  if (listTree([root]).some((member) => idsOf(member).includes(pid))) return;
  throw refusal(address, `is the inspector of process ${pid}, which is not of the target's (${root})`, whose(address));
}

/** What a process is called here and in the namespaces it lives in: inside a container it is another number. */
function idsOf(pid: number): number[] {
  try {
    const [, inner = ''] = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return [pid, ...inner.trim().split(/\s+/).map(Number)];
  } catch {
    // It ended in the meantime.
    return [];
  }
}

const refusal = (address: string, sentence: string, hint: string): RigError =>
  new RigError('EINSPECTOR', `${address} ${sentence}`, { hint });

const whose = (address: string): string => `ss -ltnp 'sport = :${address.split(':').at(-1)}', to see whose it is`;
