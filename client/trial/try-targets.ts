import type { TryConfig } from '../../config/try-config.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Warn } from '../../core/values/warnings.ts';
import { chooseDrive } from '../choose-engine.ts';
import { setUpLeg } from '../leg-setup.ts';
import { checkPlaces } from '../preflight/check-plan.ts';
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
 * @throws RigError EUSAGE, EUNREACHABLE: where none of them can be tried from here
 */
export async function tryTargets(config: TryConfig, deps: TrialsDeps): Promise<RigError | undefined> {
  const { run } = config;
  const snapshot = await readSnapshot({ ports: run.urls.flatMap((url) => url.ports), targetPid: undefined });
  const drive = await chooseDrive(run, deps.warn);
  let first: RigError | undefined;
  for (const [index, url] of run.urls.entries()) {
    const error = deps.signal.aborted ? interruptedTrial() : await tryOne(index);
    if (!error) continue;
    deps.onError(error);
    first ??= error;
    if (error.code === 'EINTERRUPTED') break;

    async function tryOne(at: number): Promise<RigError | undefined> {
      try {
        const ips = await resolveHost(url);
        const setups = ips.map((ip) => setUpLeg(run, at, { ip, ips }, drive, snapshot));
        await checkPlaces(setups, { command: undefined });
        return await tryTarget(config, setups, deps);
      } catch (thrown) {
        if (thrown instanceof RigError && thrown.code === 'EHOST') return thrown;
        throw thrown;
      }
    }
  }
  return first;
}
