import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import { median, slopeOf } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { type BuiltTarget, buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { secureTarget } from '../../lab/certificate-files.ts';
import { shellCommand } from '../../lab/command.ts';
import { listTree } from '../../memory/process-tree.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { rigRun } from './rig-run.ts';
import { untilListening } from './until-listening.ts';

const ROUNDS = 3;
const LEVELS = [1500, 3000, 4500, 6000] as const;
const WARM_UP = 500;
/** Both go at one pace: nginx keeps 8 % more for each where they come by ones than where they come as fast as they can. */
const PER_SECOND = 300;
const MOST_PERCENT = 5;
const SERVERS = ['node-ws', 'go-ws', 'nginx-ws'] as const;
const SCHEMES = ['ws', 'wss'] as const;
/** Runtimes give memory back, and take it, a moment after. */
const REST_MS = 1000;

/** Compilation leaves them where they are. */
const HOLDER = fileURLToPath(new URL('../../../scripts/bench/holder', import.meta.url));
const COLLECT = join(HOLDER, 'collect-on-signal.cjs');

export const tlsAdds: BenchPart = {
  name: 'tls-adds',
  method: `What TLS adds to one connection in the server's user space, by two ways. One is \`connrig run --target NAME --protocol ws,wss\`. The other is a client in Go that knows nothing of the rig, and a slope of Pss_Anon (smaps_rollup). Both open ${LEVELS.map(humanCount).join(', ')} connections at ${PER_SECOND} a second, with fresh processes. They take turns, ${ROUNDS} rounds; figures are medians. Node.js has its garbage collected before each reading, and Go collects when its heap has grown by a tenth (GOGC=10).`,
  async measure() {
    process.env['GOGC'] = '10';
    const holder = await build(HOLDER);
    const figures: Figure[] = [];
    for (const name of SERVERS) {
      const figure = await compare(await build(name), holder);
      process.stderr.write(`${figure.what}: ${figure.value}\n`);
      figures.push(figure);
    }
    return figures;
  },
};

async function build(nameOrFolder: string): Promise<BuiltTarget> {
  const source = findTarget(nameOrFolder);
  if (typeof source === 'string') throw new Error(source);
  const signal = new AbortController().signal;
  return buildTarget(source, { env: process.env, signal, onOutput: (text) => process.stderr.write(text) });
}

type Costs = Record<(typeof SCHEMES)[number], number>;

async function compare(built: BuiltTarget, holder: BuiltTarget): Promise<Figure> {
  const { name } = built.source.manifest;
  const rig: Costs[] = [];
  const independent: Costs[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rig.push(await costsByRig(name));
    independent.push({
      ws: await slopeWith(built, holder, 'ws'),
      wss: await slopeWith(built, holder, 'wss'),
    });
  }
  const added = (all: readonly Costs[]): number => median(all.map(({ ws, wss }) => wss - ws));
  const shown = (all: readonly Costs[]): string => {
    const [ws, wss] = SCHEMES.map((scheme) => humanCount(median(all.map((costs) => costs[scheme]))));
    return `${humanCount(added(all))} B (${ws} to ${wss})`;
  };
  const percent = 100 * (added(rig) / added(independent) - 1);
  return {
    what: `what TLS adds: ${name}`,
    value: `${shown(rig)}; with another client ${shown(independent)}: ${percent.toFixed(1)} %`,
    target: `± ${MOST_PERCENT} %`,
    holds: Math.abs(percent) <= MOST_PERCENT,
  };
}

/** In user space, bytes for one more connection. */
async function costsByRig(name: string): Promise<Costs> {
  const { summary } = await rigRun(
    ...['--target', name, '--protocol', SCHEMES.join(), '--levels', LEVELS.join(), '--rate', `${PER_SECOND}/s`],
  );
  // A cost that the report disowns is a slope all the same.
  const [ws, wss] = summary.legs.map(
    ({ levels }) =>
      slopeOf([levels.flatMap(({ open, bytes }) => (bytes.user === null ? [] : [{ open, bytes: bytes.user }]))])
        ?.bytes ?? Number.NaN,
  );
  return { ws: ws!, wss: wss! };
}

/** The same from a client, a reading and a line of its own. */
async function slopeWith(built: BuiltTarget, holder: BuiltTarget, scheme: SchemeName): Promise<number> {
  const { transport } = toCarried(scheme);
  const { env, remove } = secureTarget(transport, { ...process.env, NODE_OPTIONS: `--require ${COLLECT}` });
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const server = spawn('/bin/sh', ['-c', shellCommand(built, [port])], { env, stdio: 'ignore', detached: true });
  const client = spawn(
    join(holder.folder, 'holder'),
    [String(port), String(PER_SECOND), ...(transport === 'tls' ? [env['TLS_CERT']!] : [])],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = Promise.all([once(server, 'exit'), once(client, 'exit')]);
  try {
    await untilListening(port);
    const lines = createInterface({ input: client.stdout! })[Symbol.asyncIterator]();
    const hold = async (count: number): Promise<void> => {
      client.stdin!.write(`${count}\n`);
      const { value } = await lines.next();
      if (value !== String(count)) throw new Error(`the client said ${value}, not ${count}`);
    };
    await hold(WARM_UP);
    const points: Array<readonly [open: number, bytes: number]> = [];
    for (const count of LEVELS) {
      await hold(count);
      points.push([count, await anonymousAtRest(server, built.source.manifest.language !== 'Go')]);
    }
    return leastSquares(points);
  } finally {
    client.stdin!.end();
    process.kill(-server.pid!, 'SIGKILL');
    await ended;
    remove();
  }
}

/** @param hasNode the first process is one of Node.js, and collects its garbage at a signal */
async function anonymousAtRest({ pid }: ChildProcess, hasNode: boolean): Promise<number> {
  await delay(REST_MS);
  for (let round = 0; hasNode && round < 3; round++) {
    process.kill(pid!, 'SIGUSR2');
    await delay(REST_MS);
  }
  return listTree([pid!])
    .map((one) => /^Pss_Anon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'latin1'))?.[1])
    .reduce((sum, kib) => sum + Number(kib) * 1024, 0);
}

function leastSquares(points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
