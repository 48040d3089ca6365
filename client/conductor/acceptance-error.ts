import type { Taken } from '../../core/ledger/taken.ts';
import type { DescriptorUse } from '../../core/values/descriptor-use.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { humanCount, humanMs } from '../../core/values/units.ts';
import type { Backlog, ListenCounters } from '../../memory/listen-counters.ts';

export interface Lack {
  readonly url: string;
  readonly level: number;
  readonly taken: Taken;
  /** For so long it has taken no more. */
  readonly timeoutMs: number;
  /** Since the leg began, of this network namespace; null where the target's kernel is another one. */
  readonly counters: ListenCounters | null;
  /** What its listeners say; null when that isn't known. */
  readonly backlog: Backlog | null;
  readonly descriptors: DescriptorUse;
}

/** A process with less than this share of its descriptors left can't accept, whatever it keeps back. */
const USED_UP = 0.99;

/** What keeps the target from having all of a level, by what its kernel and its processes show. */
export function explainLack(lack: Lack): RigError {
  const { url, level, taken, timeoutMs } = lack;
  const { code, why, hint } = causeOf(lack);
  const has = taken.connections === 0 ? 'none' : humanCount(taken.connections);
  const how = taken.by === 'files' ? ', by its open files' : '';
  return new RigError(
    code,
    `${url} has ${has} of ${humanCount(level)} connections${how}, and has taken no more for ${humanMs(timeoutMs)}: ${why}`,
    { hint },
  );
}

interface Cause {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint: string;
}

function causeOf({ taken, counters, backlog, descriptors }: Lack): Cause {
  const { queued, requests } = taken;
  const full = taken.connections === 0 ? 'ETIMEDOUT' : 'ETARGETFULL';
  if ((descriptors.highestRatio ?? 0) >= USED_UP) {
    return {
      code: 'ETARGETFULL',
      why: 'all of its open files are taken',
      hint: 'raise its limit (ulimit -n, LimitNOFILE= of its service), or ask for fewer connections',
    };
  }
  if (queued === 0 && requests > 0 && (counters?.TCPDeferAcceptDrop ?? 0) > 0) {
    return {
      code: 'EDEFERRED',
      why: `its kernel keeps ${humanCount(requests)} back until their first bytes come (TCP_DEFER_ACCEPT)`,
      hint: `--send-on-open 'PING\\r\\n', with what its clients say first, or --behaviour heartbeat:2s`,
    };
  }
  const length = backlog === null ? 'its accept queue' : `its accept queue, of ${humanCount(backlog.most)},`;
  if (queued > 0 && requests === 0 && !hasCookies(counters)) {
    return {
      code: full,
      why: `${humanCount(queued)} wait in ${length.replace(/,$/, '')}`,
      hint: 'raise the limits of the target (open files, its own maximum), or give it more time by --open-timeout',
    };
  }
  if ((backlog?.drops ?? counters?.ListenOverflows ?? 0) > 0 || requests > 0 || hasCookies(counters)) {
    const lost = hasCookies(counters) ? '; of others only their clients know (SYN cookies)' : '';
    return {
      code: 'EBACKLOG',
      why: `${length} overflowed${lost}`,
      hint: 'a longer queue (backlog of listen() and net.core.somaxconn, at the target), or a lower --rate',
    };
  }
  return {
    code: full,
    why: taken.by === 'files' ? 'the others took no open file there' : 'the others have no other end in the kernel',
    hint: 'read the log of the target; is --pid the process that accepts? ss -ltnp',
  };
}

const hasCookies = (counters: ListenCounters | null): boolean => (counters?.SyncookiesSent ?? 0) > 0;
