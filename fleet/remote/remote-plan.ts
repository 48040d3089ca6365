/** What a conductor says of a fleet on other machines, and hears of it. */
import type { Warn } from '../../core/values/warnings.ts';
import type { FleetEvents } from '../fleet.ts';
import type { PlacedShare } from './allotment.ts';
import type { LoopbackTarget } from './loopback.ts';
import type { BehindShare } from './pace-watch.ts';
import type { RedisBack } from './redis-gaps.ts';
import type { MovedShare } from './reports.ts';
import type { SharePlan } from './share-plan.ts';

/** What is asked of the whole fleet. */
export interface RemotePlan extends Omit<SharePlan, 'markedRun'> {
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
  /** undefined: the target is reached from everywhere. */
  readonly loopback: LoopbackTarget | undefined;
}

export interface RemoteEvents extends FleetEvents {
  readonly onPlaced: (shares: readonly PlacedShare[]) => void;
  readonly onRedisBack: (back: RedisBack) => void;
  readonly onMoved: (moved: MovedShare) => void;
  /** Something lies in Redis that nobody of this fleet can have written; it is left out. Told once of each. */
  readonly onForeign: (what: 'report' | 'event') => void;
  /** A share that can't keep the pace, while the others do. */
  readonly onBehind: (behind: BehindShare) => void;
  readonly onWarning: Warn;
}
