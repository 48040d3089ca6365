import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { CollectHow } from '../../config/collect.ts';
import type { RunConfig } from '../../config/run-config.ts';
import { type Collector, RUNTIMES } from '../../core/values/runtimes.ts';
import { socketPathsOf } from '../../core/values/urls.ts';
import { fetchText } from '../../memory/http.ts';
import { Missing } from '../../memory/meter.ts';
import { listTree } from '../../memory/process-tree.ts';
import { readRuntimeKind } from '../../memory/runtime-kind.ts';
import type { Trust } from '../../memory/trust.ts';
import { readListeners } from '../preflight/listeners.ts';
import type { Target } from './target.ts';
import { wakeInspectors } from './wake-inspectors.ts';

/** A full collection of a large heap takes seconds. */
const FORCE_WITHIN_MS = 120_000;
/** A profile of a large heap has some MB. */
const MOST_ANSWER_BYTES = 64 * 2 ** 20;

/** Has processes of the target collect their garbage. @throws Missing when they didn't */
export interface ForcedCollection {
  readonly by: Collector;
  force(): Promise<void>;
}

/** How a target's garbage is collected, for the time of one leg. */
export interface Collection {
  /** Inspectors that were not there before us, host:port each. */
  readonly inspectors: readonly string[];
  /** undefined: none but by inspectors. */
  readonly forced: ForcedCollection | undefined;
  /** Processes whose garbage stays, each with the reason, as a clause. */
  readonly refused: ReadonlyArray<{ readonly pid: number; readonly why: string }>;
  /** Leaves the target as it was found. */
  close(): Promise<void>;
}

export const NO_COLLECTION: Collection = { inspectors: [], forced: undefined, refused: [], close: async () => {} };

/** What we start ourselves is collected unbidden. A process that runs already may serve others, so it isn't disturbed unasked. */
export const howToCollect = (
  { collect, inspect }: Pick<RunConfig, 'collect' | 'inspect'>,
  kind: Target['kind'],
): CollectHow => collect ?? (kind === 'command' && inspect === undefined ? 'auto' : 'off');

/**
 * An environment in which Node.js opens its inspector at any free port: two runs at once would both want the usual one. It is
 * `--inspect-port` by another name. Where `node:cluster` sees that name, it gives each worker the port of the primary and 1 more, and
 * workers whose inspector was to be at port 1 end at once.
 */
export const withInspectorPort = (env: Readonly<Record<string, string | undefined>>): typeof env =>
  env['NODE_OPTIONS']?.includes('--inspect')
    ? env
    : { ...env, NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --debug_port=127.0.0.1:0`.trim() };

/**
 * Finds out how the processes of a target can be made to collect their garbage, and prepares them.
 *
 * @param target where its process isn't known, it can but be asked at a URL
 * @param trust what the URL has to prove itself by, where it is one of https
 */
export async function openCollection(
  how: CollectHow,
  { pid, url }: Pick<Target, 'pid' | 'url'>,
  trust?: Trust,
): Promise<Collection> {
  if (typeof how === 'object') return { ...NO_COLLECTION, forced: byUrl(new URL(how.url), trust) };
  if (how === 'off' || pid === null) return NO_COLLECTION;
  const { pids: listeners = [] } = (await readListeners(pid, url.ports, '/proc', socketPathsOf([url]))) ?? {};
  const roots = listTree(listeners).some(hasCollection) ? listeners : [pid];
  const { addresses, refused, close } = await wakeInspectors(roots);
  const machines = listTree(roots)
    .filter((one) => readRuntimeKind(one) === 'java')
    .map(findJcmd);
  const able = machines.filter((one) => 'path' in one);
  return {
    inspectors: addresses,
    forced: able.length > 0 ? byJcmd(able) : undefined,
    refused: [...refused, ...machines.filter((one) => 'why' in one)],
    close,
  };
}

/** A proxy that takes the connections may have been started by, or beside, the server that does the work: all are looked at then. */
function hasCollection(pid: number): boolean {
  const kind = readRuntimeKind(pid);
  const by = kind && RUNTIMES[kind].collection?.by;
  return by === 'inspector' || by === 'jcmd';
}

const byUrl = (url: URL, trust: Trust | undefined): ForcedCollection => ({
  by: 'pprof',
  force: async () => {
    await fetchText(url, { timeoutMs: FORCE_WITHIN_MS, maxBytes: MOST_ANSWER_BYTES, trust });
  },
});

interface Jcmd {
  readonly pid: number;
  readonly path: string;
  /** Whose process it is. */
  readonly uid: number;
  readonly gid: number;
}

/** A Java virtual machine answers to the tools of its own version. */
function findJcmd(pid: number): Jcmd | { readonly pid: number; readonly why: string } {
  try {
    const path = join(dirname(readlinkSync(`/proc/${pid}/exe`)), 'jcmd');
    accessSync(path, constants.X_OK);
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const idOf = (name: string): number => Number(new RegExp(`^${name}:\\t\\d+\\t(\\d+)`, 'm').exec(status)?.[1]);
    return { pid, path, uid: idOf('Uid'), gid: idOf('Gid') };
  } catch {
    return { pid, why: 'there is no jcmd beside its java, as in a JDK' };
  }
}

function byJcmd(machines: readonly Jcmd[]): ForcedCollection {
  const run = async ({ pid, path, uid, gid }: Jcmd): Promise<void> => {
    // What lies beside another user's program is not run with more rights than that program has.
    const asThem = process.getuid?.() === uid ? {} : { uid, gid };
    try {
      await promisify(execFile)(path, [String(pid), 'GC.run'], { ...asThem, timeout: FORCE_WITHIN_MS });
    } catch (error) {
      throw new Missing(`${path} ${pid} GC.run: ${(error as Error).message.trim().split('\n').at(-1)}`);
    }
  };
  return {
    by: 'jcmd',
    force: async () => {
      await Promise.all(machines.map(run));
    },
  };
}
