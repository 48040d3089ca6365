import type { CloseReason, Outcome } from '../../core/values/outcomes.ts';
import type { EndCause } from '../engines/engine.ts';

/** How an attempt ended whose socket ended like this. */
export const OUTCOME_OF: Readonly<Record<EndCause, Outcome>> = {
  closed: 'closed-early',
  aborted: 'cancelled',
  refused: 'refused',
  reset: 'reset',
  'timed-out': 'timed-out',
  unreachable: 'unreachable',
  'no-ports': 'no-ports',
  'no-fds': 'no-fds',
  'no-memory': 'no-memory',
  error: 'error',
};

/** Why an open connection is gone whose socket ended like this. */
export const REASON_OF: Readonly<Record<EndCause, CloseReason>> = {
  closed: 'by-peer',
  aborted: 'by-us',
  refused: 'reset',
  reset: 'reset',
  'timed-out': 'lost',
  unreachable: 'lost',
  'no-ports': 'lost',
  'no-fds': 'lost',
  'no-memory': 'lost',
  error: 'lost',
};
