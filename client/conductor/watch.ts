import { setTimeout as delay } from 'node:timers/promises';
import { canBehave } from '../../core/behaviours/behaviours.ts';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { LegProgress } from '../../core/schemas/record.ts';
import { lossPatternOf } from '../../core/stats/loss-pattern.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { failureClause, lossClause, lossHint } from '../../core/values/loss-sentences.ts';
import {
  type CloseReason,
  LOSS_REASONS,
  lostIn,
  OUTCOMES,
  type Outcome,
  PEER_LOSSES,
} from '../../core/values/outcomes.ts';
import { hintOfTls, TLS_FAILURES } from '../../core/values/tls-failures.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { Tally, Trouble } from '../../fleet/wire.ts';
import type { OomKills } from '../../memory/oom-kills.ts';
import { deathAfter, hintOfAnswer, WANTS_SIGN_IN } from './death-after-refusals.ts';
import { givenUp } from './give-up-error.ts';

/** Between two looks: a share of the time that has passed, so that what takes little isn't waited for longer than that. */
const POLL_MS = { least: 4, most: 50 };
const POLL_SHARE = 1 / 8;
/** Sockets break a moment before their process is known to be gone; the death is the cause worth telling. */
const DEATH_NOTICE_MS = 300;
/** Failures and losses that a leg may have before it is given up: this many, or this share of its top level and of all it replaced. */
const TOLERATED = 50;
const TOLERATED_SHARE = 0.01;

/** What has to go right while a leg waits for something. */
export interface Watched {
  readonly url: string;
  readonly protocol: ProtocolName;
  /** The leg's top level. */
  readonly planned: number;
  readonly signal: AbortSignal;
  tally(): Tally;
  troubles(): readonly Trouble[];
  targetDeath(): RigError | undefined;
  /** Processes of the target that the kernel killed for want of memory since the leg began; undefined when none. */
  oomKills(): OomKills | undefined;
  defect(): Error | undefined;
  /** Why memory doesn't allow to go on; undefined: it does. */
  memory?(): RigError | undefined;
  /** Failures that the leg has brought about itself, beside those that the tally tells. */
  pardoned?(): number;
  /** The leg so far: the times of what failed or was lost. */
  progress(): Pick<LegProgress, 'losses' | 'failedAfter' | 'ownLag'>;
}

/**
 * Waits for a condition, and no longer than the leg makes sense.
 *
 * @param wanted connections that are to be open; when none opens and as many have failed, waiting is over
 * @throws RigError EINTERRUPTED, ETARGETDIED, ETARGETMEMORY, EMEMORYLIMIT, or what keeps the connections from opening or staying open
 */
export async function waitFor(condition: (tally: Tally) => boolean, wanted: number, watched: Watched): Promise<void> {
  const sinceMs = performance.now();
  for (;;) {
    const tally = watched.tally();
    const holds = condition(tally);
    await check(wanted, watched, tally);
    if (holds) return;
    await delay(Math.max(POLL_MS.least, Math.min(POLL_MS.most, (performance.now() - sinceMs) * POLL_SHARE)));
  }
}

/** One look at everything that ends a leg early. */
export async function check(wanted: number, watched: Watched, tally = watched.tally()): Promise<void> {
  if (watched.signal.aborted) throw interrupted();
  const defect = watched.defect();
  if (defect) throw defect;
  const memory = watched.memory?.();
  if (memory) throw memory;
  const death = deathIn(watched);
  if (death) throw killedForMemory(watched) ?? death;
  if (!isHopeless(tally, wanted, watched.planned, watched.pardoned?.() ?? 0)) return;
  await delay(DEATH_NOTICE_MS);
  // Counted again: what broke off together is seen whole by now.
  throw killedForMemory(watched) ?? deathIn(watched) ?? whyItEnded(watched.tally(), watched);
}

function deathIn({ targetDeath, tally, troubles }: Watched): RigError | undefined {
  const death = targetDeath();
  return death && deathAfter(death, tally(), troubles());
}

/** Where the kernel killed, that is what there is to say, whatever it looked like from outside. */
function killedForMemory({ url, tally, oomKills }: Watched): RigError | undefined {
  const kills = oomKills();
  if (kills === undefined) return undefined;
  const { processes, path, limitBytes } = kills;
  const { outcomes, closeReasons } = tally();
  const who = processes === 1 ? 'a process' : `${humanCount(processes)} processes`;
  const limit = limitBytes === null ? 'without a limit of its own' : `limited to ${humanBytes(limitBytes)}`;
  const open = humanCount(outcomes.open - closeReasons['by-us'] - closeReasons['by-defence']);
  return new RigError(
    'ETARGETMEMORY',
    `the kernel killed ${who} for want of memory in the target's cgroup ${path}, ${limit}, at ${open} connections to ${url}`,
    { hint: 'give it more memory, or ask for fewer connections; connrig report shows the levels it did hold' },
  );
}

export const interrupted = (): RigError =>
  new RigError('EINTERRUPTED', 'the run was interrupted', {
    hint: 'connrig report <run folder>, for what was measured until then',
  });

function isHopeless(tally: Tally, wanted: number, planned: number, pardoned: number): boolean {
  // What a lost machine had under way is no answer of the target.
  const failed = tally.failed - tally.outcomes.cancelled;
  const broken = failed + lostIn(tally.closeReasons);
  if (broken - tally.pardoned - pardoned > toleratedOf(planned + tally.replaced)) return true;
  return tally.outcomes.open === 0 && failed >= Math.min(wanted, TOLERATED) && failed > 0;
}

const toleratedOf = (planned: number): number => Math.max(TOLERATED, planned * TOLERATED_SHARE);

/** What stopped the leg, in the terms of whatever went wrong most. */
export function whyItEnded(
  tally: Tally,
  {
    url,
    protocol,
    planned,
    troubles,
    progress,
  }: Pick<Watched, 'url' | 'protocol' | 'planned' | 'troubles' | 'progress'>,
): RigError {
  const detailOf = (what: Outcome | CloseReason): string =>
    troubles().find((trouble) => trouble.what === what)?.detail ?? '';
  const said = (what: Outcome | CloseReason): string => {
    const detail = detailOf(what);
    return detail === '' ? '' : ` (${detail})`;
  };
  const opened = tally.outcomes.open;
  const failure = most(FAILURE_OUTCOMES, tally.outcomes);
  const loss = most(LOSS_REASONS, tally.closeReasons);
  // A target that drops what it had is refusing replacements by now; that it dropped is what there is to say.
  if (
    lostIn(tally.closeReasons) > toleratedOf(planned + tally.replaced) ||
    tally.closeReasons[loss] > tally.outcomes[failure]
  ) {
    const howMany = `${humanCount(tally.closeReasons[loss])} of ${humanCount(opened)}`;
    const ours = givenUp(loss, url, howMany, said(loss));
    if (ours) return ours;
    // Where the protocol was broken, that is the cause, whenever it was.
    const pattern = PEER_LOSSES.has(loss) ? lossPatternOf({ ...progress(), outcomes: tally.outcomes }) : null;
    const when = pattern ? `, ${lossClause(pattern)}` : '';
    return new RigError('EDROPPED', `${url} dropped ${howMany} open connections: ${loss}${said(loss)}${when}`, {
      hint:
        hintOfAnswer(detailOf(loss), url) ??
        (pattern && lossHint(pattern, canBehave(protocol, 'heartbeat'))) ??
        DROPPED_HINT,
    });
  }
  const { code, sentence, hint } = { ...FAILURES[failure], ...DESCRIPTORS[protocol].failures[failure] };
  if (opened > 0 && !OUR_LIMITS.has(code)) {
    return new RigError(
      'ETARGETFULL',
      `${url} stopped accepting at ${humanCount(tally.open)} open connection${tally.open === 1 ? '' : 's'}: ${failure}${said(failure)}`,
      { hint: hintOfFull(failure, detailOf(failure), tally.open) },
    );
  }
  const when = OUR_JUDGEMENTS.has(failure) ? '' : failureClause(progress());
  const fitting = hintOfAnswer(detailOf(failure), url) ?? hintOfTls(failure, detailOf(failure)) ?? hint;
  return new RigError(code, `${url}: ${sentence}${said(failure)}${when}`, { hint: fitting });
}

/** We end these attempts, so equal times are no timer of the target: our deadline, or its pace up to a bound of ours. */
const OUR_JUDGEMENTS: ReadonlySet<Outcome> = new Set(['timed-out', 'bad-handshake', 'opening-refused']);

/** What this machine lacks, whatever the target could still take. */
const OUR_LIMITS: ReadonlySet<ErrorCode> = new Set(['EPORTS', 'EFILES', 'EMEMORY']);
const FAILURE_OUTCOMES = OUTCOMES.filter((name) => name !== 'open' && name !== 'cancelled');

const most = <K extends string>(names: readonly K[], counts: Readonly<Record<K, number>>): K =>
  names.reduce((best, name) => (counts[name] > counts[best] ? name : best));

const FULL_HINT = 'raise the limits of the target (open files, backlog, its own maximum), or ask for fewer connections';
const ROWS_HINT =
  'does it take the later rows of --data? connrig try <target> --row <number> tells; without rows, raise the limits of the target';
/** Up to so many the usual reason is a server that serves a connection to its end before it takes another. */
const MOST_IN_TURN = 64;
function hintOfFull(failure: Outcome, detail: string, open: number): string {
  if (failure === 'timed-out' && open <= MOST_IN_TURN) return hintOfTurns(open);
  return WANTS_SIGN_IN.test(detail) || failure === 'opening-refused' ? ROWS_HINT : FULL_HINT;
}
function hintOfTurns(open: number): string {
  if (open === 1) return 'does it serve one connection at a time? Have it serve each in a thread or a task of its own';
  return `does it serve ${open} connections at a time, as with ${open} threads? Have it wait for all of them at once`;
}
const DROPPED_HINT = 'look at the limits and the log of the target; connrig report shows the levels it did hold';
const SERVER_HINT = 'read the log of the target';
/** What goes for any protocol; some have words of their own, see core/protocols/. */
const FAILURES: Readonly<
  Record<(typeof FAILURE_OUTCOMES)[number], { code: ErrorCode; sentence: string; hint: string }>
> = {
  refused: { code: 'EREFUSED', sentence: 'the connection was refused', hint: 'ss -ltn, to see what listens there' },
  'timed-out': {
    code: 'ETIMEDOUT',
    sentence: 'connections do not become usable in time',
    hint: '--open-timeout with more time, or read the log of the target',
  },
  reset: { code: 'EHANDSHAKE', sentence: 'connections are reset before they are usable', hint: SERVER_HINT },
  'closed-early': { code: 'EHANDSHAKE', sentence: 'connections are closed before they are usable', hint: SERVER_HINT },
  rejected: { code: 'EREJECTED', sentence: 'the target refuses connections in words of its own', hint: SERVER_HINT },
  'bad-handshake': { code: 'EHANDSHAKE', sentence: 'the answer is none that this protocol knows', hint: SERVER_HINT },
  'opening-refused': {
    code: 'EOPENING',
    sentence: 'the target does not answer as the opening expects',
    hint: 'connrig try <target> with the same options, which shows what both sides say',
  },
  ...TLS_FAILURES,
  unreachable: { code: 'EUNREACHABLE', sentence: 'the host cannot be reached', hint: 'ip route get <ip>' },
  'no-ports': {
    code: 'EPORTS',
    sentence: 'this machine has no local port left for it',
    hint: '--source with more local addresses, or more destination ports',
  },
  'no-fds': {
    code: 'EFILES',
    sentence: 'the client may have no more open files',
    hint: 'ulimit -n; connrig doctor --connections <count>',
  },
  'no-memory': {
    code: 'EMEMORY',
    sentence: 'the kernel has no memory left for its sockets',
    hint: 'fewer --connections, or connrig doctor --connections <count>',
  },
  error: { code: 'EUNREACHABLE', sentence: 'connections fail', hint: 'grep trouble <run folder>/events.jsonl' },
};
