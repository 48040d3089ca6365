import type { Established, ProcessTree, Readings } from '../schemas/readings.ts';

/** How many of a level's connections the target has. */
export interface Taken {
  /** Those of the level with an end that a process of the target's has taken. */
  readonly connections: number;
  /** More that the target's kernel has, and that wait to be accepted. */
  readonly queued: number;
  /** More that the target's kernel was asked for, and has not completed. */
  readonly requests: number;
  /** How many more than the level it has, where that is told, and more than a few. */
  readonly surplus?: number;
  /** What told: the kernel's list of sockets, or how many more files the target has open. */
  readonly by: 'sockets' | 'files';
}

/** What was there before the first connection of ours. */
export interface Before {
  readonly established: Established | null;
  readonly target: Pick<ProcessTree, 'openFiles'> | null;
}

/**
 * The connections of a level that the target has, and not its kernel or ours alone. To a client a connection is open once
 * the kernel at the other end says so. That kernel may know nothing of it a moment later (SYN cookies), or may have yet to
 * complete it (TCP_DEFER_ACCEPT).
 *
 * @param areSocketsTold the target's ends are in the list of sockets: it lives in our network namespace. Otherwise its files
 * are what counts
 * @returns null where nobody tells
 */
export function takenOf(
  level: number,
  before: Before,
  now: Pick<Readings, 'established'> & { readonly target: Before['target'] },
  areSocketsTold: boolean,
): Taken | null {
  const { established } = now;
  if (areSocketsTold && established?.acceptedEnds !== undefined) return takenBySockets(level, before, established);
  const [then, open] = [before.target?.openFiles ?? null, now.target?.openFiles ?? null];
  if (then === null || open === null) return null;
  const more = Math.max(0, open - then);
  return { connections: more >= level - slackOf(level) ? level : more, queued: 0, requests: 0, by: 'files' };
}

/** Connections to the target's ports, by the list of its kernel. */
export interface TargetEnds {
  /** Those that a process has taken. */
  readonly accepted: number;
  readonly queued: number;
  readonly requests: number;
}

export const endsIn = ({ targetEnds, queuedEnds = 0, requests = 0 }: Established): TargetEnds => ({
  accepted: targetEnds - queuedEnds,
  queued: queuedEnds,
  requests,
});

/**
 * The same where clients are on other machines. Their ends are in no list here, so the target's own tell, and a few of them may be those
 * of others.
 *
 * @returns null where there are none: its ports may have other numbers
 */
export function takenByEnds(level: number, before: TargetEnds | null, now: TargetEnds): Taken | null {
  const more = (key: keyof TargetEnds): number => Math.max(0, now[key] - (before?.[key] ?? 0));
  const [own, slack] = [more('accepted'), slackOf(level)];
  if (own + more('queued') + more('requests') === 0) return null;
  return {
    connections: own >= level - slack ? level : own,
    queued: more('queued'),
    requests: more('requests'),
    surplus: own > level + slack ? own - level : 0,
    by: 'sockets',
  };
}

/** Other clients of the target lack what they lacked before; whoever lacks more is ours. */
function takenBySockets(level: number, { established: before }: Before, now: Established): Taken {
  const lackingOf = ({ clientEnds, acceptedEnds = 0 }: Established): number => clientEnds - acceptedEnds;
  const lacking = Math.max(0, lackingOf(now) - (before ? lackingOf(before) : 0));
  const more = (key: 'queuedEnds' | 'requests'): number => Math.max(0, (now[key] ?? 0) - (before?.[key] ?? 0));
  return {
    connections: Math.max(0, Math.min(level - lacking, now.acceptedEnds ?? 0)),
    queued: more('queuedEnds'),
    requests: more('requests'),
    by: 'sockets',
  };
}

/** Files that a target may have closed since, whatever they were: connections of others, a log. */
const FEW_FILES = 8;
const slackOf = (level: number): number => Math.floor(Math.max(level * 0.001, Math.min(FEW_FILES, level * 0.05)));
