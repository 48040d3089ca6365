import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Started, startConnrig } from './connrig.ts';
import { eventually } from './wait.ts';

interface WorkerGiven {
  /** A worker whose lease is over by chance is no failure of it: long enough that a busy machine loses none. */
  readonly lockTime?: string;
  readonly token?: string;
}

/** A `connrig worker` on this machine that waits for a share. */
export async function startWorker(
  t: TestContext,
  url: string,
  name: string,
  { lockTime = '30s', token }: WorkerGiven = {},
): Promise<Started> {
  const worker = startConnrig(t, ['worker', '--redis', url, '--name', name, '--lock-time', lockTime], {
    deadlineMs: 580_000,
    ...(token !== undefined && { env: { CONNRIG_FLEET_TOKEN: token } }),
  });
  await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
  return worker;
}

const timesIn = (worker: Started, words: RegExp): number => worker.stderr().match(words)?.length ?? 0;
/** Now: it may have held others before. */
export const holdsShare = (worker: Started): boolean =>
  timesIn(worker, /holds share/g) > timesIn(worker, / is over: /g);
export const hasHeldShare = (worker: Started): boolean => timesIn(worker, /holds share/g) > 0;

/** It ends in order, and leaves no process. */
export async function endWorker(worker: Started): Promise<void> {
  worker.child.kill('SIGTERM');
  const { code } = await worker.ended;
  assert.equal(code, 0, worker.stderr());
  assert.deepEqual(worker.processes(), [], 'no process is left');
}
