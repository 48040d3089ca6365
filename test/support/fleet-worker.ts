import type { TestContext } from 'node:test';
import { type Started, type StartOptions, startConnrig } from './connrig.ts';
import { eventually } from './wait.ts';

/** A worker of a fleet on this machine, which waits for a share. @param more further arguments */
export async function startFleetWorker(
  t: TestContext,
  url: string,
  name: string,
  more: readonly string[] = [],
  options: StartOptions = {},
): Promise<Started> {
  const args = ['worker', '--redis', url, '--name', name, '--lock-time', '3s', ...more];
  const worker = startConnrig(t, args, { deadlineMs: 280_000, ...options });
  await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
  return worker;
}

export const holdsShare = (worker: Started): boolean => /holds share/.test(worker.stderr());
