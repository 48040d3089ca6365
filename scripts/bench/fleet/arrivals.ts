import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Stage, startAt } from './stage.ts';

const PROCESS = fileURLToPath(new URL('./arrivals-process.js', import.meta.url));

/** A connection that came (1) or went (-1), from where, and when, in ms since 1970. */
export type Coming = readonly [change: 1 | -1, ip: string, atMs: number];

/** A target that tells who comes and goes. */
export interface Arrivals {
  readonly url: string;
  /** All so far, but for the last tenth of a second. */
  readonly seen: readonly Coming[];
}

export async function startArrivals({ scope, target }: Pick<Stage, 'scope' | 'target'>): Promise<Arrivals> {
  const child = startAt(scope, target, [process.execPath, PROCESS, target.ip], ['ignore', 'pipe', 'inherit']);
  const lines = createInterface({ input: child.stdout! });
  const [port] = (await once(lines, 'line')) as [string];
  const seen: Coming[] = [];
  lines.on('line', (line) => seen.push(JSON.parse(line) as Coming));
  return { url: `tcp://${target.ip}:${port}`, seen };
}

/** The first arrival of each address in each ramp; a new ramp begins where nobody came for a while. */
export function firstArrivals(seen: readonly Coming[], pauseMs: number): ReadonlyArray<ReadonlyMap<string, number>> {
  const ramps: Array<Map<string, number>> = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const [change, ip, atMs] of seen) {
    if (change < 0) continue;
    if (atMs - lastMs > pauseMs) ramps.push(new Map());
    lastMs = atMs;
    const ramp = ramps.at(-1)!;
    if (!ramp.has(ip)) ramp.set(ip, atMs);
  }
  return ramps;
}

/** Open connections by address. */
export function openAt(seen: readonly Coming[]): ReadonlyMap<string, number> {
  const open = new Map<string, number>();
  for (const [change, ip] of seen) open.set(ip, (open.get(ip) ?? 0) + change);
  return open;
}

/** The most that were open at once. */
export function mostOpen(seen: readonly Coming[]): number {
  let [open, most] = [0, 0];
  for (const [change] of seen) {
    open += change;
    most = Math.max(most, open);
  }
  return most;
}
