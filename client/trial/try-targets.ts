import type { TryConfig } from '../../config/try-config.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Warn } from '../../core/values/warnings.ts';
import { chooseDrive } from '../choose-engine.ts';
import { type LegSetup, setUpLeg } from '../leg-setup.ts';
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
  const snapshot = await readSnapshot({ ports: run.urls.flatMap((url) => url.ports), targetPid: undefined });
  const drive = await chooseDrive(run, deps.warn);
  let first: RigError | undefined;
  for (const [index, url] of run.urls.entries()) {
    const setUp = async (): Promise<LegSetup[]> => {
      const ips = await resolveHost(url);
      return ips.map((ip) => setUpLeg(run, index, { ip, ips }, drive, snapshot));
    };
    const setups = await setUp().catch(asUnknownHost);
    const error = deps.signal.aborted
      ? interruptedTrial()
      : setups instanceof RigError
        ? setups
        : await tryTarget(config, setups, deps);
    if (!error) continue;
    deps.onError(error);
    first ??= error;
    if (error.code === 'EINTERRUPTED') break;
  }
  return first;
}

function asUnknownHost(error: unknown): RigError {
  if (error instanceof RigError && error.code === 'EHOST') return error;
  throw error;
}
