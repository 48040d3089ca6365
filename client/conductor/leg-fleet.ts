import type { RunConfig } from '../../config/run-config.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import type { Trouble } from '../../fleet/wire.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { fleetCapacity } from './leg-course.ts';

/** Nobody waits for a close, so many may be under way: peers then get through more of them each time they wake. */
const CLOSE_WINDOW = 4096;
/** An orderly close that takes longer is cut short. */
const CLOSE_TIMEOUT_MS = 5000;

/** What holds the connections of a leg, to the target that was started for it. */
export function startLegFleet(
  { window, openTimeoutMs }: RunConfig,
  { leg, ip, layout }: LegSetup,
  { url }: Target,
  onTrouble: (trouble: Trouble) => void,
  onDefect: (error: Error) => void,
): Promise<Fleet> {
  const { behaviour, close, perMessageDeflate, sendOnOpen } = leg;
  return startFleet(
    {
      layout,
      threadEntry: new URL('./fleet-thread.js', import.meta.url),
      protocol: {
        name: leg.protocol,
        path: url.path,
        hostHeader: hostHeaderFor(url),
        requestPath: behaviour.kind === 'request' ? behaviour.path : undefined,
        deflate: perMessageDeflate,
        sendOnOpen: sendOnOpen === undefined ? undefined : new Uint8Array(Buffer.from(sendOnOpen, 'hex')),
      },
      capacity: fleetCapacity(leg),
      window,
      closeWindow: CLOSE_WINDOW,
      openTimeoutMs,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      destinations: url.ports.map((port) => ({ ip, port })),
      close,
      behaviour,
    },
    onTrouble,
    onDefect,
  );
}

/** A zone is this machine's own affair (RFC 6874). */
export const withoutZone = (ip: string): string => ip.replace(/%.*/, '');

function hostHeaderFor({ host, ports }: Target['url']): string {
  return `${host.includes(':') ? `[${withoutZone(host)}]` : host}:${ports[0]}`;
}
