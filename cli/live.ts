import type { Command } from 'commander';
import { LIVE_OPTIONS, type LiveConfig, readLiveConfig } from '../config/live-options.ts';
import { EXIT } from '../core/values/errors.ts';
import { followRun } from '../live/follow.ts';
import { LIVE_LIMITS, livePages } from '../live/pages.ts';
import { RunFeed } from '../live/run-feed.ts';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { warnOfClearToken } from './clear-token.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig live`: the page of a run from its folder, while it goes on or long after. */
export function addLiveCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('live')
    .description('show a run folder as a page, followed while the run goes on; the run notices nothing')
    .argument('<folder>', 'a run folder, such as runs/20260101T120000Z-builtin');
  addOptions(command, LIVE_OPTIONS).action(async () => {
    const line = readLine(command, LIVE_OPTIONS, deps.env, 1);
    const where = readLiveConfig(line);
    const [folder = ''] = line.words;
    await showRun(folder, where, deps);
  });
}

/** Serves until a signal. */
async function showRun(folder: string, where: LiveConfig, deps: CliDeps): Promise<void> {
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
    deps.stderr.write(warnOfClearToken(where, endpoint));
    deps.stderr.write(`${folder} at ${endpoint.url}/; ctrl-c stops it\n`);
    await stopped;
    broadcast.close();
    await endpoint.close();
  } finally {
    stopFollowing();
    forget();
  }
}
