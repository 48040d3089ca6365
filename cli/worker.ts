import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Command } from 'commander';
import { foreignAmong } from '../client/environment.ts';
import { readPlace, readResources } from '../client/preflight/machine-offer.ts';
import { readSnapshot } from '../client/preflight/snapshot.ts';
import { readWorkerConfig, WORKER_OPTIONS, type WorkerConfig } from '../config/worker/worker-options.ts';
import { EXIT, usageError } from '../core/values/errors.ts';
import { redactText } from '../core/values/secrets.ts';
import { usualEngine } from '../fleet/engines/index.ts';
import { runWorker } from '../fleet/remote/lease.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig worker`: a machine of a fleet, which holds its share of what `connrig run --fleet` opens. */
export function addWorkerCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('worker')
    .description('offer this machine to a fleet: it holds a share of the connections of connrig run --fleet');
  addOptions(command, WORKER_OPTIONS).action(async () => {
    await work(readWorkerConfig(readLine(command, WORKER_OPTIONS, deps.env)), deps);
  });
}

/** @throws RigError EUSAGE for addresses that this machine doesn't have */
async function refuseForeignSources(sources: readonly string[]): Promise<void> {
  const [foreign] = await foreignAmong(sources);
  if (foreign === undefined) return;
  throw usageError([`--source: ${foreign} is not an address of ${hostname()}`], 'ip -brief address, to see which are');
}

/** Waits for shares, and holds them, until a signal. */
async function work(config: WorkerConfig, deps: CliDeps): Promise<void> {
  const { redis, prefix, token, certificate, allow, most = null, lockMs } = config;
  const { name = `${hostname()}:${process.pid}` } = config;
  await refuseForeignSources(config.sources ?? []);
  const { filesHard } = await readSnapshot();
  const { engine } = await usualEngine(process.platform);
  const stopping = new AbortController();
  const forget = deps.onSignal(() => {
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    stopping.abort();
  });
  try {
    await runWorker({
      redisUrl: redis.url,
      redisCa: redis.ca,
      prefix,
      own: { token, env: deps.env, certificate },
      version: deps.version,
      offer: {
        worker: name,
        host: hostname(),
        most,
        memoryBytes: totalmem(),
        engine,
        ...readPlace(),
      },
      readResources,
      machine: {
        descriptorLimit: filesHard,
        cores: availableParallelism(),
        sources: config.sources,
      },
      allowed: allow,
      lockMs,
      holderEntry: new URL('./worker-child.js', import.meta.url),
      say: (line) => deps.stderr.write(`${redactText(line)}\n`),
      signal: stopping.signal,
    });
  } finally {
    forget();
  }
}
