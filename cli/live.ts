import type { Command } from 'commander';
import { readListen } from '../config/listen-address.ts';
import { EXIT, usageError } from '../core/values/errors.ts';
import { followRun } from '../live/follow.ts';
import { LIVE_LIMITS, livePages } from '../live/pages.ts';
import { RunFeed } from '../live/run-feed.ts';
import { type EndpointOptions, startEndpoint } from '../telemetry/endpoint.ts';
import { ADMIN_FLAGS, readAccess } from './admin-options.ts';
import type { CliDeps } from './deps.ts';

const DEFAULT_LISTEN = '127.0.0.1:9466';

type RawOptions = { listen: string; adminToken?: string; adminNames?: string };

/** Adds `connrig live`: the page of a run from its folder, while it goes on or long after. */
export function addLiveCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('live')
    .description('show a run folder as a page, followed while the run goes on; the run notices nothing')
    .argument('<folder>', 'a run folder, such as runs/20260101T120000Z-builtin')
    .option('--listen <address>', 'host:port to listen on; :9466 is for this machine alone', DEFAULT_LISTEN)
    .allowUnknownOption()
    .allowExcessArguments();
  for (const { flags, help } of Object.values(ADMIN_FLAGS)) command.option(flags, help);
  command.action(async (folder: string, raw: RawOptions) => {
    await showRun(folder, whereOf(raw, command.args.slice(1), deps.env), deps);
  });
}

/** @throws RigError EUSAGE with every problem there is */
function whereOf(
  raw: RawOptions,
  strangers: readonly string[],
  env: CliDeps['env'],
): Pick<EndpointOptions, 'host' | 'port' | 'access'> {
  const problems = strangers.map((word) => `"${word}" is not an option`);
  const at = readListen(raw.listen);
  if (typeof at === 'string') problems.push(`--listen: ${at}`);
  const { host, port } = typeof at === 'string' ? { host: 'localhost', port: 0 } : at;
  const access = readAccess(raw, host, `--listen ${raw.listen}`, env, problems);
  if (problems.length > 0) throw usageError(problems, 'connrig live --help');
  return { host, port, access };
}

/** Serves until a signal. */
async function showRun(
  folder: string,
  where: Pick<EndpointOptions, 'host' | 'port' | 'access'>,
  deps: CliDeps,
): Promise<void> {
  const feed = new RunFeed();
  const stopFollowing = followRun(folder, feed);
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
  const { routes, broadcast } = livePages(feed);
  try {
    const endpoint = await startEndpoint({ ...where, routes, limits: LIVE_LIMITS });
    deps.stderr.write(`${folder} at ${endpoint.url}/; ctrl-c stops it\n`);
    await stopped;
    broadcast.close();
    await endpoint.close();
  } finally {
    stopFollowing();
    forget();
  }
}
