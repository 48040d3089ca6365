import { z } from 'zod';
import type { RuntimeMemory } from '../core/schemas/admin.ts';
import type { Runtime } from '../core/schemas/readings.ts';
import { openInspectorSession } from './inspector-session.ts';

/** A process of the target that was started with `node --inspect`. */
export interface Inspector {
  readonly address: string;
  /** As the process itself says: in a container another one than here. */
  readonly pid: number;
  /**
   * @param collect force a full garbage collection first
   * @throws Missing when it isn't there any more, or doesn't answer in time
   */
  read(collect: boolean, timeoutMs: number): Promise<RuntimeMemory>;
  close(): Promise<void>;
  /** Closes, and has the process listen for no debugger any more. */
  end(): Promise<void>;
}

/** As in memory/collect.ts, and for the same reasons. */
const ROUNDS = 2;

/** Answers come as JSON, so the engine keeps no handle for us on anything it made. */
const BY_VALUE = { returnByValue: true, silent: true } as const;
const MEMORY = { ...BY_VALUE, expression: '({ pid: process.pid, ...process.memoryUsage() })' };
const NEXT_TURN = { ...BY_VALUE, awaitPromise: true, expression: 'new Promise((done) => setImmediate(done))' };

const bytes = z.number().nonnegative();
const MemoryAnswer = z.object({
  result: z.object({
    value: z.object({
      pid: z.number().int().positive(),
      rss: bytes,
      heapTotal: bytes,
      heapUsed: bytes,
      external: bytes,
      arrayBuffers: bytes,
    }),
  }),
});
const Anything = z.unknown();
/** It waits until nobody is connected, with everything else standing still: so not before we have gone. */
const END_SOON = { ...BY_VALUE, expression: 'setTimeout(() => process._debugEnd(), 20) && undefined' };

/**
 * Connects to a Node.js process's inspector and keeps connected until closed: what the connection costs in the target is
 * there before anything is measured.
 *
 * @param address host:port as in `node --inspect=host:port`
 * @throws Missing when there is none, or it isn't Node.js
 */
export async function connectInspector(address: string, timeoutMs: number): Promise<Inspector> {
  const session = await openInspectorSession(address, timeoutMs);
  const read = async (collect: boolean, withinMs: number): Promise<RuntimeMemory> => {
    for (let round = 0; collect && round < ROUNDS; round++) {
      await session.call('HeapProfiler.collectGarbage', {}, Anything, withinMs);
      await session.call('Runtime.evaluate', NEXT_TURN, Anything, withinMs);
    }
    const { result } = await session.call('Runtime.evaluate', MEMORY, MemoryAnswer, withinMs);
    const { pid, rss, heapUsed, heapTotal, external, arrayBuffers } = result.value;
    return {
      pid,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    };
  };
  try {
    const { pid } = await read(false, timeoutMs);
    const end = async (): Promise<void> => {
      await session.call('Runtime.evaluate', END_SOON, Anything, timeoutMs).catch(() => undefined);
      await session.close();
    };
    return { address, pid, read, close: session.close, end };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** All of them at the same moment. @throws Missing when one has no answer: a sum without it would be wrong */
export async function readInspected(
  inspectors: readonly Inspector[],
  collect: boolean,
  timeoutMs: number,
): Promise<Runtime> {
  const answers = await Promise.allSettled(inspectors.map((inspector) => inspector.read(collect, timeoutMs)));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed) throw failed.reason;
  const processes = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return { collected: collect, processes, census: null };
}
