import type { Command } from 'commander';
import { assertAlive } from '../client/launch/attached.ts';
import { readListen } from '../config/listen-address.ts';
import type { Readings } from '../core/schemas/readings.ts';
import { EXIT, usageError } from '../core/values/errors.ts';
import { readDescriptorUse } from '../memory/descriptors.ts';
import { readKernelSockets } from '../memory/kernel-sockets.ts';
import { openMeters } from '../memory/meter-set.ts';
import { readOwnMemory, watchOwnProcess } from '../memory/own-process.ts';
import { type Answer, json, noQuery, type Route, sentence } from '../telemetry/answer.ts';
import { type EndpointOptions, startEndpoint } from '../telemetry/endpoint.ts';
import { type MeterPage, meterTelemetry } from '../telemetry/meter-metrics.ts';
import { inTurns } from '../telemetry/page-turns.ts';
import { ADMIN_FLAGS, readAccess } from './admin-options.ts';
import type { CliDeps } from './deps.ts';

const DEFAULT_LISTEN = '127.0.0.1:9465';
/** Who asks for several pages at once gets them from one reading. */
const FRESH_MS = 250;
/** Of the time: a reading holds up the target, and a run takes one after the other. */
const READING = { share: 0.5 };

type MeterConfig = Pick<EndpointOptions, 'host' | 'port' | 'access'> & { readonly pids: readonly number[] };
type RawOptions = { pid: string[]; listen: string; adminToken?: string; adminNames?: string };

/** Adds `connrig meter`: what a run on another machine (`--exporter`), or Prometheus, reads of a target on this one. */
export function addMeterCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('meter')
    .description('serve the memory of processes, their cgroup and the kernel as Prometheus metrics, for run --exporter')
    .option('--pid <pid>', 'measure this process and its children; may be given several times', collect, [])
    .option('--listen <address>', 'host:port to listen on; :9465 is for this machine alone', DEFAULT_LISTEN)
    // Taken as they are, so that they are reported together with everything else that is wrong.
    .allowUnknownOption()
    .allowExcessArguments();
  for (const { flags, help } of Object.values(ADMIN_FLAGS)) command.option(flags, help);
  command.action(async (raw: RawOptions) => {
    await meter(configOf(raw, command.args, deps.env), deps);
  });
}

/** Also several in one go, as `pidof` names them. */
const collect = (value: string, before: readonly string[]): string[] => [...before, ...value.trim().split(/\s+/)];

/** @throws RigError EUSAGE with every problem there is; EPID */
function configOf(raw: RawOptions, strangers: readonly string[], env: CliDeps['env']): MeterConfig {
  const problems = strangers.map((word) => `"${word}" is not an option`);
  if (raw.pid.length === 0) problems.push('--pid: name at least one process');
  for (const pid of raw.pid) if (!/^[1-9]\d{0,9}$/.test(pid)) problems.push(`--pid: "${pid}" is not a process id`);
  const at = readListen(raw.listen);
  if (typeof at === 'string') problems.push(`--listen: ${at}`);
  const { host, port } = typeof at === 'string' ? { host: 'localhost', port: 0 } : at;
  const access = readAccess(raw, host, `--listen ${raw.listen}`, env, problems);
  if (problems.length > 0) throw usageError(problems, 'connrig meter --help');
  const pids = [...new Set(raw.pid.map(Number))];
  for (const pid of pids) assertAlive(pid);
  return { pids, host, port, access };
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
