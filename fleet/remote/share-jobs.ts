import { shareOfBehaviour } from '../share-of-behaviour.ts';
import { WIRE_VERSION } from '../wire.ts';
import type { ShareJob } from './messages.ts';
import type { RemoteOptions, RemotePlan } from './remote-plan.ts';
import { signShare } from './share-plan.ts';

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
