import type { TryConfig } from '../../config/try-config.ts';
import { EXIT, RigError } from '../../core/values/errors.ts';
import { socketPathsOf, type TargetUrl } from '../../core/values/urls.ts';
import type { Warn } from '../../core/values/warnings.ts';
import { chooseDrive } from '../choose-engine.ts';
import { AT_SOCKET, type Place, setUpLeg } from '../leg-setup.ts';
import { checkSocket } from '../preflight/look-at-socket.ts';
import { readSnapshot } from '../preflight/snapshot.ts';
import { resolveHost } from '../target-address.ts';
import { interruptedTrial, type TrialDeps, tryTarget } from './try-target.ts';

/** What trials are told besides. */
export interface TrialsDeps extends TrialDeps {
  readonly warn: Warn;
  /** One of them went wrong; the others are tried all the same. */
  readonly onError: (error: RigError) => void;
}

/**
 * Tries the URLs one after the other.
 *
 * @returns the first thing that went wrong
 * @throws RigError EUSAGE, EUNREACHABLE: where one can't be tried from here
 */
export async function tryTargets(config: TryConfig, deps: TrialsDeps): Promise<RigError | undefined> {
  const { run } = config;
  const snapshot = await readSnapshot({
    ports: run.urls.flatMap((url) => url.ports),
    socketPaths: socketPathsOf(run.urls),
    targetPid: undefined,
  });
  const drive = await chooseDrive(run, snapshot.filesHard, deps.warn);
  let first: RigError | undefined;
  for (const [index, url] of run.urls.entries()) {
    const places = await placesOf(url).catch(asFault);
    const error = deps.signal.aborted
      ? interruptedTrial()
      : places instanceof RigError
        ? places
        : await tryTarget(
            config,
            places.map((place) => setUpLeg(run, index, place, drive, snapshot)),
            deps,
          );
    if (!error) continue;
    deps.onError(error);
    first ??= error;
    if (error.code === 'EINTERRUPTED') break;
  }
  return first;
}

/** In the order in which they are tried. @throws RigError EHOST, EUSAGE, EREFUSED */
async function placesOf(url: TargetUrl): Promise<readonly Place[]> {
  if (url.family === 'unix') {
    await checkSocket(url);
    return [AT_SOCKET];
  }
  const ips = await resolveHost(url);
  return ips.map((ip) => ({ ip, ips }));
}

/** What is wrong with one target keeps nobody from the others. */
function asFault(error: unknown): RigError {
  if (error instanceof RigError && error.exitCode === EXIT.target) return error;
  throw error;
}
