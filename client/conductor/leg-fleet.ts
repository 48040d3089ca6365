import type { RunConfig } from '../../config/run-config.ts';
import { throughoutOf } from '../../core/behaviours/behaviours.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { Publishing } from '../../fleet/broadcasts.ts';
import type { Destination } from '../../fleet/engines/engine.ts';
import { type Fleet, type FleetOptions, startFleet } from '../../fleet/fleet.ts';
import type { RemoteEvents, RemotePlan } from '../../fleet/remote/remote-plan.ts';
import { startRemoteFleet } from '../../fleet/remote/start-remote-fleet.ts';
import type { RunDeps } from '../deps.ts';
import { loopbackOf, remoteLayoutOf, remoteOf } from '../fleet-options.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { takenByEach } from '../preflight/check-plan.ts';
import { securingOf, withoutZone } from '../securing.ts';
import { secretsSaid } from './discreet-recorder.ts';
import { fleetCapacity } from './leg-course.ts';
import { THREAD_ENTRY } from './thread-entry.ts';

/** Nobody waits for a close, so many may be under way: peers then get through more of them each time they wake. */
const CLOSE_WINDOW = 4096;
/** An orderly close that takes longer is cut short. */
const CLOSE_TIMEOUT_MS = 5000;

/** Where connections to the reference server publish to each other. */
const ROOM = '/rooms/connrig';

/** Attempts in flight unless somebody says how many: each that shakes hands over TLS takes 43 KB. */
const WINDOW = { plain: 512, tls: 128 } as const;

/** The same while all come back that were cut: clients don't wait for each other. A backlog is 4,096 long at the most, as a rule. */
const RETURN_WINDOW = { plain: 4096, tls: 512 } as const;

/** Attempts that a leg has in flight at once. */
export const windowOf = ({ window }: Pick<RunConfig, 'window'>, { transport }: Pick<Leg, 'transport'>): number =>
  window ?? WINDOW[transport];

/** What holds the connections of a leg, to the target that was started for it. */
export const startLegFleet = (
  config: RunConfig,
  setup: LegSetup,
  target: Target,
  events: RemoteEvents,
  { version }: Pick<RunDeps, 'version'>,
): Promise<Fleet> => {
  const options = legFleetOptions(config, setup, target);
  if (config.fleet !== undefined)
    return startRemoteFleet(remotePlanOf(config, setup, options), events, remoteOf(config, setup, version));
  return startFleet({ ...options, threadEntry: THREAD_ENTRY }, events);
};

/** The same for machines that lay out their share by themselves. */
function remotePlanOf(
  config: RunConfig,
  setup: LegSetup,
  { identity, publishing: _, layout: __, ...options }: Omit<FleetOptions, 'threadEntry'>,
): RemotePlan {
  return {
    ...options,
    takes: takenByEach(setup),
    loopbackOf: loopbackOf(config, setup)?.place,
    // Rows are refused, as is who publishes.
    identity: identity && { order: identity.order, secrets: identity.secrets },
    layout: remoteLayoutOf(setup, config.workers),
    secrets: secretsSaid(config),
  };
}

/** What the connections of a leg are, for whatever opens them. */
export function legFleetOptions(
  config: RunConfig,
  setup: LegSetup,
  target: Pick<Target, 'url' | 'caCert'> & Partial<Pick<Target, 'kind'>>,
): Omit<FleetOptions, 'threadEntry'> {
  const { openTimeoutMs } = config;
  const { leg, ip, layout } = setup;
  const { url, kind } = target;
  const { behaviour, close, perMessageDeflate } = leg;
  const said = throughoutOf(behaviour);
  const opening = config.openings[setup.index];
  return {
    layout,
    protocol: {
      name: leg.protocol,
      path: kind === 'builtin' && behaviour.kind === 'broadcast' ? ROOM : url.path,
      hostHeader: opening?.hostHeader ?? hostHeaderFor(url),
      requestPath: 'path' in said ? said.path : undefined,
      deflate: perMessageDeflate,
      subprotocols: opening?.subprotocols,
      words: opening?.words,
    },
    opening: opening?.plan,
    identity: opening?.identity,
    securing: securingOf(config, setup, target),
    capacity: fleetCapacity(leg),
    window: windowOf(config, leg),
    returnWindow: behaviour.kind === 'storm' ? (config.window ?? RETURN_WINDOW[leg.transport]) : undefined,
    closeWindow: CLOSE_WINDOW,
    openTimeoutMs,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    destinations: destinationsOf(url, ip),
    close,
    behaviour,
    publishing: publishingOf(config),
  };
}

function publishingOf(config: RunConfig): Publishing {
  const { publish, publishHeader, publishMessage, tlsMaterial, insecure } = config;
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  return {
    request: publish && { ...publish, headers: publishHeader ?? {}, ca: tlsMaterial?.ca, insecure },
    template: publishMessage && {
      before: bytes(publishMessage.beforeHex),
      behind: bytes(publishMessage.behindHex),
    },
  };
}

function destinationsOf({ ports, socketPath }: Target['url'], ip: string): Destination[] {
  return socketPath === undefined ? ports.map((port) => ({ ip, port })) : [{ path: socketPath }];
}

function hostHeaderFor({ host, ports, family }: Target['url']): string {
  if (family === 'unix') return host;
  return `${host.includes(':') ? `[${withoutZone(host)}]` : host}:${ports[0]}`;
}
