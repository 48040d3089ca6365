import type { Command } from 'commander';
import { assertAlive } from '../client/launch/attached.ts';
import { METER_OPTIONS, type MeterConfig, readMeterConfig } from '../config/meter-options.ts';
import type { Readings } from '../core/schemas/readings.ts';
import { EXIT } from '../core/values/errors.ts';
import { readDescriptorUse } from '../memory/descriptors.ts';
import { readKernelSockets } from '../memory/kernel-sockets.ts';
import { openMeters } from '../memory/meter-set.ts';
import { readOwnMemory, watchOwnProcess } from '../memory/own-process.ts';
import { type Answer, json, noQuery, type Route, sentence } from '../telemetry/answer.ts';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { type MeterPage, meterTelemetry } from '../telemetry/meter-metrics.ts';
import { inTurns } from '../telemetry/page-turns.ts';
import { warnOfClearToken } from './clear-token.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** A peer that asks for several pages at once gets them from one reading. */
const FRESH_MS = 250;
/** Shares of the time: a reading holds up the target, and a run takes one after the other. */
const READING = { share: 0.5 };

/** Adds `connrig meter`: what a run on another machine (`--exporter`), or Prometheus, reads of a target on this one. */
export function addMeterCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('meter')
    .description(
      'serve the memory of processes, their cgroup and the kernel as Prometheus metrics, for run --exporter',
    );
  addOptions(command, METER_OPTIONS).action(async () => {
    const config = readMeterConfig(readLine(command, METER_OPTIONS, deps.env));
    for (const pid of config.pids) assertAlive(pid);
    await meter(config, deps);
  });
}

/** Serves until a signal. A target that ends is no reason to stop: what is missing is told, with why. */
async function meter({ pids, ...where }: MeterConfig, deps: CliDeps): Promise<void> {
  let signals = 0;
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const forget = deps.onSignal(() => {
    signals++;
    if (signals > 1) deps.exit(EXIT.interrupted);
    stop();
  });
  const meters = openMeters({ pids, ports: [], clientPid: process.pid });
  const read = freshReader(pids);
  const own = watchOwnProcess();
  const page = async (): Promise<MeterPage> => {
    const readings = await read();
    return {
      readings,
      descriptors: readDescriptorUse(readings.target?.pids ?? []),
      sockets: readKernelSockets(),
      memory: readOwnMemory(),
      costs: own.costs(),
    };
  };
  const telemetry = meterTelemetry(page, deps.version);
  const routes = new Map<string, Route>([
    [
      '/metrics',
      inTurns(async () => ({ status: 200, type: telemetry.contentType, body: await telemetry.render() }), READING),
    ],
    ['/readings', inTurns((query) => readingsPage(query, read), READING)],
    ['/sockets', inTurns(async () => json(await meters.readSockets()), READING)],
    ['/healthz', async () => ({ status: 200, type: 'text/plain', body: 'ok\n' })],
  ]);
  try {
    const endpoint = await startEndpoint({ ...where, routes });
    deps.stderr.write(warnOfClearToken(where, endpoint));
    deps.stderr.write(`metering process ${pids.join(', ')} at ${endpoint.url}/metrics; ctrl-c stops it\n`);
    await stopped;
    await endpoint.close();
  } finally {
    own.stop();
    forget();
  }
}

/** With `ports=8080,8081` also what is queued in the connections of these ports: only who opened them knows which. */
async function readingsPage(query: URLSearchParams, read: Reader): Promise<Answer> {
  const problem = noQuery(query, 'ports');
  if (problem) return problem;
  const ports = (query.get('ports') ?? '').split(',').filter((port) => port !== '');
  const wrong = ports.find((port) => !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535);
  if (wrong !== undefined) return sentence(400, `ports=${wrong}: a port is a number from 1 to 65535`);
  return json(await read(ports.map(Number)));
}

type Reader = (ports?: readonly number[]) => Promise<Readings>;

/** One reading at a time, used again for a moment. */
function freshReader(pids: readonly number[]): Reader {
  let last: { startedAtMs: number; of: string; readings: Promise<Readings> } | undefined;
  return (ports = []) => {
    const now = performance.now();
    const of = ports.join(',');
    if (last === undefined || last.of !== of || now - last.startedAtMs > FRESH_MS) {
      const meters = openMeters({ pids, ports, clientPid: process.pid });
      last = { startedAtMs: now, of, readings: meters.read({ list: ports.length > 0 }) };
    }
    return last.readings;
  };
}
