import type { RunConfig } from '../../config/run-config.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { Destination } from '../../fleet/engines/engine.ts';
import { type Fleet, type FleetEvents, type FleetOptions, startFleet } from '../../fleet/fleet.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { securingOf, withoutZone } from '../securing.ts';
import { fleetCapacity } from './leg-course.ts';

/** Nobody waits for a close, so many may be under way: peers then get through more of them each time they wake. */
const CLOSE_WINDOW = 4096;
/** An orderly close that takes longer is cut short. */
const CLOSE_TIMEOUT_MS = 5000;

/** Attempts in flight unless somebody says how many: each that shakes hands over TLS takes 43 KB. */
const WINDOW = { plain: 512, tls: 128 } as const;

/** Attempts that a leg has in flight at once. */
export const windowOf = ({ window }: Pick<RunConfig, 'window'>, { transport }: Pick<Leg, 'transport'>): number =>
  window ?? WINDOW[transport];

/** What holds the connections of a leg, to the target that was started for it. */
export const startLegFleet = (
  config: RunConfig,
  setup: LegSetup,
  target: Target,
  events: FleetEvents,
): Promise<Fleet> =>
  startFleet(
    { ...legFleetOptions(config, setup, target), threadEntry: new URL('./fleet-thread.js', import.meta.url) },
    events,
  );

/** What the connections of a leg are, for whatever opens them. */
export function legFleetOptions(
  config: RunConfig,
  setup: LegSetup,
  target: Pick<Target, 'url' | 'caCert'>,
): Omit<FleetOptions, 'threadEntry'> {
  const { openTimeoutMs } = config;
  const { leg, ip, layout } = setup;
  const { url } = target;
  const { behaviour, close, perMessageDeflate } = leg;
  const opening = config.openings[setup.index];
  return {
    layout,
    protocol: {
      name: leg.protocol,
      path: url.path,
      hostHeader: opening?.hostHeader ?? hostHeaderFor(url),
      requestPath: 'path' in behaviour ? behaviour.path : undefined,
      deflate: perMessageDeflate,
      subprotocols: opening?.subprotocols,
      words: opening?.words,
    },
    opening: opening?.plan,
    identity: opening?.identity,
    securing: securingOf(config, setup, target),
    capacity: fleetCapacity(leg),
    window: windowOf(config, leg),
    closeWindow: CLOSE_WINDOW,
    openTimeoutMs,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    destinations: destinationsOf(url, ip),
    close,
    behaviour,
  };
}

function destinationsOf({ ports, socketPath }: Target['url'], ip: string): Destination[] {
  return socketPath === undefined ? ports.map((port) => ({ ip, port })) : [{ path: socketPath }];
}

function hostHeaderFor({ host, ports, family }: Target['url']): string {
  if (family === 'unix') return host;
  return `${host.includes(':') ? `[${withoutZone(host)}]` : host}:${ports[0]}`;
}
