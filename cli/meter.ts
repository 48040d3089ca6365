import { createServer, type ServerResponse } from 'node:http';
import type { Command } from 'commander';
import { assertAlive } from '../client/target/attached.ts';
import { EXIT, usageError } from '../core/errors.ts';
import type { Readings } from '../core/readings.ts';
import { openMeters } from '../memory/meter-set.ts';
import { closed, listen } from '../server/listener.ts';
import { meterTelemetry } from '../telemetry/meter-metrics.ts';
import type { CliDeps } from './deps.ts';

const DEFAULT_LISTEN = '127.0.0.1:9465';
const BACKLOG = 64;
/** Who asks for several pages at once gets them from one reading. */
const FRESH_MS = 250;

interface MeterConfig {
  readonly pids: readonly number[];
  readonly host: string;
  readonly port: number;
}

/** Adds `connrig meter`: what a run on another machine (`--exporter`), or Prometheus, reads of a target on this one. */
export function addMeterCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('meter')
    .description('serve the memory of processes, their cgroup and the kernel as Prometheus metrics, for run --exporter')
    .option('--pid <pid>', 'measure this process and its children; may be given several times', collect, [])
    .option('--listen <address>', 'host:port to listen on; :9465 is every address of this machine', DEFAULT_LISTEN)
    // Taken as they are, so that they are reported together with everything else that is wrong.
    .allowUnknownOption()
    .allowExcessArguments();
  command.action(async (raw: { pid: string[]; listen: string }) => {
    await meter(configOf(raw, command.args), deps);
  });
}

/** Also several in one go, as `pidof` names them. */
const collect = (value: string, before: readonly string[]): string[] => [...before, ...value.trim().split(/\s+/)];

/** @throws RigError EUSAGE with every problem there is; EPID */
function configOf(raw: { pid: readonly string[]; listen: string }, strangers: readonly string[]): MeterConfig {
  const problems = strangers.map((word) => `"${word}" is not an option`);
  if (raw.pid.length === 0) problems.push('--pid: name at least one process');
  for (const pid of raw.pid) if (!/^[1-9]\d{0,9}$/.test(pid)) problems.push(`--pid: "${pid}" is not a process id`);
  const [, host = '', digits = ''] = /^(.*?):?(\d{1,5})$/.exec(raw.listen) ?? [];
  if (digits === '' || Number(digits) > 65_535) {
    problems.push(`--listen: "${raw.listen}" is not an address such as ${DEFAULT_LISTEN} or :9465`);
  }
  if (problems.length > 0) throw usageError(problems, 'connrig meter --help');
  const pids = [...new Set(raw.pid.map(Number))];
  pids.forEach(assertAlive);
  return { pids, host: host.replace(/^\[|\]$/g, ''), port: Number(digits) };
}

/** Serves until a signal. A target that ends is no reason to stop: what is missing is told, with why. */
async function meter({ pids, host, port: wanted }: MeterConfig, deps: CliDeps): Promise<void> {
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
  const read = freshReader(pids);
  const telemetry = meterTelemetry(read);
  const pages: Readonly<Record<string, () => Promise<[type: string, body: string]>>> = {
    '/metrics': async () => [telemetry.contentType, await telemetry.render()],
    '/readings': async () => ['application/json', `${JSON.stringify(await read())}\n`],
    '/healthz': async () => ['text/plain', 'ok\n'],
  };
  const server = createServer(({ method, url = '/' }, response) => {
    const page = pages[url.split('?')[0]!];
    if (!page) return answer(response, 404, 'text/plain', `there is ${Object.keys(pages).join(', ')}\n`);
    if (method !== 'GET' && method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only\n');
    page().then(
      ([type, body]) => answer(response, 200, type, body),
      (error: unknown) => answer(response, 500, 'text/plain', `${error instanceof Error ? error.message : error}\n`),
    );
  });
  try {
    const port = await listen(server, host, wanted, BACKLOG);
    const shown = host === '' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    deps.stderr.write(`metering process ${pids.join(', ')} at http://${shown}:${port}/metrics; ctrl-c stops it\n`);
    await stopped;
    await closed(server, 0, () => server.closeAllConnections());
  } finally {
    forget();
  }
}

/** One reading at a time, used again for a moment. */
function freshReader(pids: readonly number[]): () => Promise<Readings> {
  const meters = openMeters({ pids, ports: [], clientPid: process.pid });
  let last: { startedAtMs: number; readings: Promise<Readings> } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.startedAtMs > FRESH_MS) last = { startedAtMs: now, readings: meters.read() };
    return last.readings;
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(body);
}
