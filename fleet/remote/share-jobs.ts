import { RigError } from '../../core/values/errors.ts';
import { shareOfBehaviour } from '../fleet.ts';
import { WIRE_VERSION } from '../wire.ts';
import type { ShareJob, WorkerOffer } from './messages.ts';
import { roomOf } from './offers.ts';
import type { RemoteOptions, RemotePlan } from './remote-plan.ts';
import { signShare } from './share-plan.ts';
import { splitByRoom } from './split.ts';

/** What the jobs of a run have in common. */
interface JobsOfRun {
  readonly run: string;
  readonly markedRun: number;
  readonly epoch: number;
  readonly shares: number;
  /** The most that any of them is asked for. */
  readonly capacity: number;
}

/** One job for each share, sealed and signed. */
export function jobsOf(
  { capacity: _, identity, ...plan }: RemotePlan,
  { version, token }: Pick<RemoteOptions, 'version' | 'token'>,
  { markedRun, shares, ...ofRun }: JobsOfRun,
): ShareJob[] {
  const each = (all: number): number => Math.ceil(all / shares);
  const ofShares = {
    ...plan,
    identity: identity && { order: identity.order, secrets: identity.secrets, columns: identity.rows?.columns },
    window: each(plan.window),
    returnWindow: plan.returnWindow && each(plan.returnWindow),
    closeWindow: each(plan.closeWindow),
    behaviour: shareOfBehaviour(plan.behaviour, shares),
    markedRun,
  };
  const common = { wire: WIRE_VERSION, version, shares, ...ofRun, plan: ofShares } as const;
  return Array.from({ length: shares }, (_, share) => signShare({ ...common, share }, token));
}

/**
 * How many connections each share gets, by the room of the worker that took it.
 *
 * @param takers undefined: it hasn't said yet what it has room for
 * @param mostOf of a share, whoever has it
 * @throws RigError EFLEETWORKERS where they have too little room together
 */
export function partsOf(
  wanted: number,
  takers: ReadonlyArray<WorkerOffer | undefined>,
  mostOf: (share: number) => number,
): number[] {
  const rooms = takers.map((taker, share) => Math.min(mostOf(share), (taker && roomOf(taker)) ?? mostOf(share)));
  const parts = splitByRoom(wanted, rooms);
  if (parts) return parts;
  const room = rooms.reduce((sum, one) => sum + one, 0);
  const sentence = `the workers that took the shares have room for ${room} connections, and ${wanted} are wanted`;
  throw new RigError('EFLEETWORKERS', sentence, { hint: 'ulimit -n 1000000 before connrig worker' });
}
