import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { type Estimate, slopeOf } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { type BuiltTarget, buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { shellCommand } from '../../lab/command.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { rigRun } from './rig-run.ts';
import { untilListening } from './until-listening.ts';

/** Compilation leaves them where they are. */
const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../../scripts/strangers/${name}`, import.meta.url));

const HOST = '127.0.0.1';
const FEW = 500;
const MANY = 10_000;
const MOST_PERCENT = 5;

/** As people write them: targets of the rig, and such that are here for nothing else. */
const SERVERS = [
  { name: 'node-ws' },
  { name: 'node-express' },
  { name: 'node-socketio', isOurs: true, path: '/socket.io/?EIO=4&transport=websocket' },
  { name: 'go-http' },
  { name: 'go-gorilla', isOurs: true },
  { name: 'java-virtual-tcp' },
  { name: 'java-jetty', isOurs: true },
  { name: 'python-ws' },
  { name: 'rust-axum', isOurs: true },
] as const satisfies ReadonlyArray<{ name: string; isOurs?: true; path?: string }>;

export const strangers: BenchPart = {
  name: 'strangers',
  method: `What one more connection costs a server that nobody prepared, by \`--pid\` and \`--collect auto\`, at ${FEW} connections, against a fresh process of the same at ${humanCount(MANY)}. It is to be within ${MOST_PERCENT} %, or in its interval, or inconclusive.`,
  async measure() {
    const figures: Figure[] = [];
    for (const server of SERVERS) {
      const figure = await compare(server);
      process.stderr.write(`${figure.what}: ${figure.value}\n`);
      figures.push(figure);
    }
    return figures;
  },
};

async function compare(server: { name: string; isOurs?: true; path?: string }): Promise<Figure> {
  const source = findTarget(server.isOurs ? folderOf(server.name) : server.name);
  if (typeof source === 'string') throw new Error(source);
  const signal = new AbortController().signal;
  const built = await buildTarget(source, { env: process.env, signal, onOutput: (text) => process.stderr.write(text) });
  const few = await measureLeg(built, server.path ?? '/', FEW);
  const many = await measureLeg(built, server.path ?? '/', MANY);
  // A cost that the report disowns is a slope all the same.
  const truth = slopeOf([
    many.levels.flatMap(({ open, bytes }) => (bytes.total === null ? [] : [{ open, bytes: bytes.total }])),
  ])!;
  const told = few.perConnection?.total ?? null;
  const at = `${humanCount(truth.bytes)} B at ${humanCount(MANY)}`;
  const what = `${source.manifest.language}: ${server.name}`;
  const target = `± ${MOST_PERCENT} %`;
  if (told === null) {
    const [reason] = few.inconclusive?.reasons ?? [];
    return {
      what,
      value: `inconclusive: ${reason?.sentence}; ${reason?.remedy}. ${at}`,
      target,
      holds: reason !== undefined,
    };
  }
  const percent = 100 * (told.bytes / truth.bytes - 1);
  const isWithin = Math.abs(percent) <= MOST_PERCENT;
  const isInInterval = told.low <= truth.bytes && truth.bytes <= told.high;
  return {
    what,
    value: `${shown(told)} at ${FEW}, ${at}: ${percent.toFixed(1)} %${isWithin ? '' : isInInterval ? ', in its interval' : ''}`,
    target,
    holds: isWithin || isInInterval,
  };
}

const shown = ({ bytes, low, high }: Estimate): string =>
  `${humanCount(bytes)} B [${humanCount(low)}, ${humanCount(high)}]`;

async function measureLeg(built: BuiltTarget, path: string, connections: number): Promise<LegSummary> {
  const [scheme = 'tcp'] = built.source.manifest.protocols;
  const port = await freePorts(HOST, 1, ephemeralRange());
  // A group, so that nothing of it stays.
  const child = spawn('/bin/sh', ['-c', shellCommand(built, [port])], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  try {
    await untilListening(port);
    const url = `${scheme}://${HOST}:${port}${scheme === 'tcp' ? '' : path}`;
    const { summary } = await rigRun(
      url,
      '--pid',
      String(child.pid),
      '--collect',
      'auto',
      '--connections',
      String(connections),
    );
    return summary.legs[0]!;
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
  }
}
