import type { RunConfig } from '../../config/run-config.ts';
import { usageError } from '../../core/values/errors.ts';
import { authorityOf } from '../../telemetry/listen.ts';
import type { LegSetup } from '../leg-setup.ts';

/**
 * Whether connections can vanish here, and somebody sees when the target lets go of them; of plans without that nothing is asked.
 *
 * @throws RigError EUSAGE
 */
export async function checkVanish(
  setups: ReadonlyArray<Pick<LegSetup, 'leg' | 'local' | 'url'>>,
  { exporter }: Pick<RunConfig, 'exporter'>,
): Promise<void> {
  if (setups.every(({ leg }) => leg.behaviour.kind !== 'vanish')) return;
  const why = await whyNone();
  if (why !== undefined) {
    throw usageError([`--behaviour vanish: no connection can vanish here: ${why}`], '--behaviour storm:20%:rst');
  }
  const elsewhere = setups.find(({ local }) => !local)?.url;
  if (elsewhere === undefined || exporter !== undefined) return;
  throw usageError(
    [`--behaviour vanish: ${elsewhere.host} is not this machine, so nobody sees when it lets go of connections`],
    `connrig meter --pid <pid> --listen 0.0.0.0:9465 --admin-token <token> there; --exporter http://${authorityOf(elsewhere.host)}:9465 --exporter-token <token> here`,
  );
}

/** Loaded for such plans alone: elsewhere the library may not even be installed. */
async function whyNone(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `there is no socket filter on ${process.platform}`;
  try {
    const { whyNoVanish } = await import('../../fleet/engines/vanisher.ts');
    return whyNoVanish();
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
}
