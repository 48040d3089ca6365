import { networkInterfaces } from 'node:os';
import type { RunConfig } from '../config/run-config.ts';
import type { LoopbackTarget } from '../fleet/remote/loopback.ts';
import type { RemoteOptions, RemotePlan } from '../fleet/remote/remote-plan.ts';
import { isLoopback } from '../telemetry/listen.ts';
import type { LegSetup } from './leg-setup.ts';
import { readPlace } from './preflight/machine-offer.ts';

/** Where the fleet of a leg is, and what it is asked for with. */
export const remoteOf = (config: RunConfig, setup: Pick<LegSetup, 'ip'>, version: string): RemoteOptions => ({
  url: config.fleet!,
  ca: config.fleetCa,
  prefix: config.fleetPrefix,
  workers: config.fleetWorkers,
  token: config.fleetToken,
  version,
  loopback: loopbackOf(config, setup),
});

/** What of a layout goes for all machines. */
export const remoteLayoutOf = (
  { ip, layout: { engine } }: LegSetup,
  workers: number | undefined,
): RemotePlan['layout'] => ({ engine, loopback: ip.startsWith('127.'), workers });

/** undefined: the target is at an address that other machines reach, as far as can be told. */
export function loopbackOf({ urls }: RunConfig, { ip }: Pick<LegSetup, 'ip'>): LoopbackTarget | undefined {
  if (!isLoopback(ip)) return undefined;
  const own = addressOfNetwork() ?? '10.0.0.9';
  const hint =
    urls.length === 0
      ? `--listen ${own}, or another address of this machine that they reach`
      : `have the target listen at an address that they reach, and name it in place of ${ip}, such as ${own}`;
  return { place: readPlace(), hint };
}

/** One that this machine has for others. */
const addressOfNetwork = (): string | undefined =>
  Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')?.address;
