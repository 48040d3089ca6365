import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readRun } from '../../../report/fold/read-run.ts';
import { mainShareUntilEnd } from '../main-thread.ts';
import { type Stage, startAt } from './stage.ts';

const PROCESS = fileURLToPath(new URL('./redis-bytes-process.js', import.meta.url));
const RAMP_SECONDS = 12;
const REST_SECONDS = 15;

/** What a fleet says over Redis while it opens connections, and while it holds them, in bytes per second. */
export interface Traffic {
  readonly ramping: Flow;
  readonly holding: Flow;
  /** What the main thread of `connrig run` took of a core, its start included. */
  readonly mainShare: number;
}

export interface Flow {
  readonly inBytes: number;
  readonly outBytes: number;
}

/** Bytes of both directions. */
export const ofBothWays = ({ inBytes, outBytes }: Flow): number => inBytes + outBytes;

export async function measureTraffic(stage: Stage, connections: number): Promise<Traffic> {
  const name = `traffic-${connections}`;
  const { hostname, port } = new URL(stage.redis.url);
  const asker = startAt(
    stage.scope,
    stage.redisPlace,
    [process.execPath, PROCESS, hostname, port],
    ['ignore', 'pipe', 'inherit'],
  );
  const said: Array<readonly [atMs: number, inBytes: number, outBytes: number]> = [];
  createInterface({ input: asker.stdout! }).on('line', (line) => said.push(JSON.parse(line)));
  const rate = Math.ceil(connections / RAMP_SECONDS);
  const run = stage.run(
    name,
    ...stage.overWorkers(),
    ...['--listen', stage.conductor.ip, '--protocol', 'tcp', '--connections', `${connections}`, '--levels', '1'],
    ...['--rate', `${rate}/s`, '--rest', `${REST_SECONDS}s`, '--settle-timeout', '0s'],
  );
  const mainShare = await mainShareUntilEnd(run);
  asker.kill();
  if (run.exitCode !== 0) throw new Error(`the run with ${connections} connections ended with ${run.exitCode}`);
  const { run: file, events } = readRun(join(stage.folder, name));
  const phases = events.filter((event) => event.type === 'phase');
  const momentOf = (phase: string): [number, number] => {
    const i = phases.findIndex((event) => event.phase === phase);
    const startedMs = Date.parse(file.startedAt);
    return [startedMs + phases[i]!.elapsedMs, startedMs + phases[i + 1]!.elapsedMs];
  };
  const flow = (phase: string): Flow => {
    const [fromMs, untilMs] = momentOf(phase);
    const own = said.filter(([atMs]) => atMs >= fromMs && atMs <= untilMs);
    const each = own.slice(1).map(([atMs, inBytes, outBytes], i) => {
      const [beforeMs, inBefore, outBefore] = own[i]!;
      const seconds = (atMs - beforeMs) / 1000;
      return { inBytes: (inBytes - inBefore) / seconds, outBytes: (outBytes - outBefore) / seconds };
    });
    return meanOf(each);
  };
  return { ramping: flow('ramp'), holding: flow('settle'), mainShare };
}

const meanOf = (flows: readonly Flow[]): Flow => {
  const mean = (of: (flow: Flow) => number): number => flows.reduce((sum, flow) => sum + of(flow), 0) / flows.length;
  return { inBytes: mean(({ inBytes }) => inBytes), outBytes: mean(({ outBytes }) => outBytes) };
};
