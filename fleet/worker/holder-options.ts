import type { BehaviourPlan } from '../../core/behaviours/behaviours.ts';
import type { CloseMode } from '../../core/schemas/leg.ts';
import type { MarkNumbers } from '../behaviours/time-mark.ts';
import type { Destination } from '../engines/engine.ts';
import type { IdentityOptions } from '../opening/identities.ts';

/** What one worker holds, and how; plain data, since it goes to a thread. */
export interface HolderOptions {
  /** The most connections this worker will ever hold. */
  readonly capacity: number;
  /** Attempts in flight at any one time, over the whole fleet. */
  readonly window: number;
  /** The same while connections come back that were cut. */
  readonly returnWindow?: number | undefined;
  /** The same for closes. */
  readonly closeWindow: number;
  readonly openTimeoutMs: number;
  /** An orderly close that takes longer is cut short; sooner while the peer answers none. */
  readonly closeTimeoutMs: number;
  readonly close: CloseMode;
  /** This worker's share of what open connections do. */
  readonly behaviour: BehaviourPlan;
  readonly marks: MarkNumbers;
  /** What connections are told apart by; undefined: they all say the same. */
  readonly identity?: IdentityOptions | undefined;
  readonly destinations: readonly Destination[];
  /** Source IPs to bind to, in turn; empty: the kernel chooses. */
  readonly sources: readonly string[];
  /** This worker's place in the fleet. */
  readonly index: number;
}
