import type { DoingNow } from '../../core/schemas/doing-now.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { SlowQueues } from '../../core/schemas/slow.ts';
import type { Tally } from '../../fleet/wire.ts';
import type { LegState } from './leg-course.ts';

/** For a tick: what befalls the connections of a leg now; nothing in phases in which nothing does. */
export function doingNow({ behaviour }: Pick<Leg, 'behaviour'>, tally: Tally, { phase, seen }: LegState): DoingNow {
  switch (behaviour.kind) {
    case 'vanish':
      return seen?.vanished ? { vanished: seen.vanished } : {};
    case 'storm':
      return phase === 'storm' ? { storm: { cut: tally.cut, back: tally.back, retries: tally.retries } } : {};
    case 'slow':
      return phase === 'slow' ? { slow: slowNow(tally, seen?.slowQueues ?? null) } : {};
    case 'churn':
      return phase === 'churn' || phase === 'soak'
        ? { churn: { due: tally.replacementsDue, replaced: tally.replaced } }
        : {};
    case 'broadcast':
      return phase === 'talk' ? { broadcast: deliveriesOf(tally) } : {};
    default:
      return {};
  }
}

const slowNow = ({ slow, closeReasons }: Tally, queues: SlowQueues | null): NonNullable<DoingNow['slow']> => ({
  slow,
  closed: closeReasons['by-defence'],
  queuedBytes: queues && queuedBytes(queues),
});

/** What waits in the sockets of slow connections, at the target's end and at ours. */
export const queuedBytes = ({ target, client }: SlowQueues): { readonly target: number; readonly client: number } => ({
  target: target.written.bytes + target.received.bytes,
  client: client.received.bytes + client.written.bytes,
});

const deliveriesOf = ({
  expectedDeliveries,
  deliveries,
  lateDeliveries,
}: Tally): NonNullable<DoingNow['broadcast']> => ({
  expected: expectedDeliveries,
  reached: deliveries,
  late: lateDeliveries,
});
