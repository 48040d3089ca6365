/** What a conductor says of a fleet on other machines, and hears of it. */
import type { FleetEvents, FleetIdentity } from '../fleet.ts';
import type { MovedShare } from './reports.ts';
import type { SharePlan } from './share-plan.ts';

/** What is asked of the whole fleet. */
export interface RemotePlan extends Omit<SharePlan, 'markedRun' | 'identity'> {
  readonly identity: FleetIdentity | undefined;
  readonly capacity: number;
}

/** Where the fleet is. */
export interface RemoteOptions {
  /** Where Redis is, with its password. */
  readonly url: string;
  /** Certificates that vouch for it, PEM; undefined: those that Node.js trusts. */
  readonly ca?: string | undefined;
  readonly prefix: string;
  /** How many are to take part; undefined: all that wait. */
  readonly workers: number | undefined;
  readonly token: string | undefined;
  /** That of connrig: workers of another one are left out. */
  readonly version: string;
}

/** The host that holds a share, and the most connections of it. */
export interface PlacedShare {
  readonly host: string;
  readonly capacity: number;
}

export interface RemoteEvents extends FleetEvents {
  readonly onPlaced: (shares: readonly PlacedShare[]) => void;
  readonly onMoved: (moved: MovedShare) => void;
  /** Something lies in Redis that nobody of this fleet can have written; it is left out. Told once of each. */
  readonly onForeign: (what: 'report' | 'event') => void;
}
