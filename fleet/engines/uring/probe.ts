/** Whether this machine has io_uring as its engine needs it. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Libc, loadLibc } from '../libc.ts';
import { OP, PARAMS, REGISTER_PROBE, SETUP_FLAGS } from './abi.ts';
import { loadUringCalls, type UringCalls } from './calls.ts';
import { UringEngine } from './uring.ts';

const ENTRIES = 8;
/** `struct io_uring_probe` and, for each operation, `struct io_uring_probe_op`: 16 bytes and 8. */
const OPERATIONS = 64;
const HEAD_BYTES = 16;
const OPERATION_BYTES = 8;
const FLAGS_AT = 2;
const IS_SUPPORTED = 1;

/** Connections that are tried, and for how long at the most. */
const TRIED = 4;
const TRY_MS = 2000;
const TURN_MS = 5;

/** @returns why it can't be used, in words; undefined when it can @throws when the kernel can't be called at all */
export async function tryUring(): Promise<string | undefined> {
  const [calls, libc] = [loadUringCalls(), loadLibc()];
  return whyNoRing(calls, libc) ?? (await whyNoConnections(calls, libc));
}

/** Why a ring can't be had; undefined when it can, with every operation that is used. */
function whyNoRing(calls: UringCalls, libc: Libc): string | undefined {
  const params = new Uint32Array(PARAMS.words);
  params[PARAMS.flags] = SETUP_FLAGS;
  params[PARAMS.cqEntries] = ENTRIES * 2;
  const ring = calls.setup(ENTRIES, params);
  if (ring < 0) return `io_uring_setup: ${libc.errorName()}`;
  try {
    const probe = new Uint8Array(HEAD_BYTES + OPERATIONS * OPERATION_BYTES);
    if (calls.register(ring, REGISTER_PROBE, probe, OPERATIONS) < 0) return `io_uring_register: ${libc.errorName()}`;
    const lacking = Object.entries(OP).filter(
      ([, op]) => (probe[HEAD_BYTES + op * OPERATION_BYTES + FLAGS_AT]! & IS_SUPPORTED) === 0,
    );
    if (lacking.length === 0) return undefined;
    return `io_uring has no ${lacking.map(([name]) => name).join(', ')} here: Linux 6.11 is the first with all`;
  } finally {
    libc.close(ring);
  }
}

/** An operation that is there may be refused all the same, as by a security module: a few connections tell. */
async function whyNoConnections(calls: UringCalls, libc: Libc): Promise<string | undefined> {
  const server = createServer((socket) => socket.on('error', () => {}).end('x'));
  const port = await listening(server);
  if (port === undefined) return undefined;
  const ended = new Map<number, string>();
  let engine: UringEngine | undefined;
  try {
    engine = new UringEngine(
      calls,
      libc,
      { slots: TRIED, portRange: undefined, worker: { index: 0, count: 1 } },
      {
        onConnected: () => {},
        onBytes: () => {},
        onEnd: (slot) => engine!.finish(slot),
        onGone: (slot, cause, detail) => ended.set(slot, `${cause} ${detail}`),
      },
    );
    for (let slot = 0; slot < TRIED; slot++) engine.open(slot, { ip: '127.0.0.1', port }, '127.0.0.1');
    for (const endsAtMs = performance.now() + TRY_MS; ended.size < TRIED && performance.now() < endsAtMs; ) {
      engine.turn(TURN_MS);
      // The server is in this thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const failed = [...ended.values()].find((how) => !how.startsWith('closed'));
    if (failed !== undefined) return `a connection over io_uring ended with ${failed.trim()}`;
    return ended.size === TRIED ? undefined : 'connections over io_uring never ended';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await engine?.dispose();
    server.close();
  }
}

/** @returns the port; undefined where there is no loopback, and nothing to try it with */
async function listening(server: Server): Promise<number | undefined> {
  return new Promise((resolve) => {
    server
      .once('error', () => resolve(undefined))
      .listen(0, '127.0.0.1', () => {
        resolve((server.address() as AddressInfo).port);
      });
  });
}
