import { RigError } from '../../core/values/errors.ts';
import { called } from './called.ts';
import type { WorkerOffer } from './messages.ts';

/** A kernel, and a network of it: 127.0.0.1 is the same address within one alone. */
export type NetworkPlace = Pick<WorkerOffer, 'machine' | 'network'>;

/** A target that is at the loopback of the conductor's machine. */
export interface LoopbackTarget {
  readonly place: NetworkPlace;
  /** How workers elsewhere would reach it. */
  readonly hint: string;
}

const isSame = (a: NetworkPlace, b: NetworkPlace): boolean => a.machine === b.machine && a.network === b.network;

/** @throws RigError EFLEETLOOPBACK that names workers which would look for the target on their own machines */
export function refuseElsewhere(
  offers: ReadonlyArray<NetworkPlace & Pick<WorkerOffer, 'worker' | 'host'>>,
  loopback: LoopbackTarget | undefined,
): void {
  if (loopback === undefined) return;
  const elsewhere = offers.filter((offer) => !isSame(offer, loopback.place));
  if (elsewhere.length === 0) return;
  const names = elsewhere.map(called);
  const sentence = `the target is at an address that only this machine has, and workers are elsewhere: ${names.join(', ')}`;
  throw new RigError('EFLEETLOOPBACK', sentence, { hint: loopback.hint });
}

/** @throws RigError EFLEETLOOPBACK for a share of a target at another machine's loopback */
export function refuseOtherLoopback(place: NetworkPlace | undefined, own: NetworkPlace): void {
  if (place === undefined || isSame(place, own)) return;
  const sentence = "the target is at an address that only the conductor's machine has";
  throw new RigError('EFLEETLOOPBACK', sentence, { hint: 'connrig run --listen with an address of the network' });
}
