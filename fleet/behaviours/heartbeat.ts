import type { TalkingProtocol } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import type { Behaviour, BehaviourDeps } from './behaviour.ts';

/** After a pause (a collection, a suspended machine) what was missed isn't made up for beyond this. */
const MOST_BEHIND_MS = 1000;

/** Goes round all open connections once in `everyMs`, at an even pace. */
export function createHeartbeat(
  everyMs: number,
  { connections, protocol, tally }: BehaviourDeps<TalkingProtocol>,
): Behaviour {
  let cursor = -1;
  let dueCount = 0;
  let seenMs: number | undefined;
  return {
    step(nowMs) {
      const passedMs = Math.min(MOST_BEHIND_MS, nowMs - (seenMs ?? nowMs));
      seenMs = nowMs;
      const perMs = tally.get(COUNTER.open) / everyMs;
      dueCount += passedMs * perMs;
      for (; dueCount >= 1; dueCount--) {
        cursor = connections.nextOpen(cursor);
        if (cursor < 0) {
          dueCount = 0;
          break;
        }
        tally.add(COUNTER.heartbeats, 1);
        connections.send(cursor, protocol.heartbeat(cursor));
      }
      return perMs === 0 ? Number.POSITIVE_INFINITY : (1 - dueCount) / perMs;
    },
    rest() {
      seenMs = undefined;
    },
    onOpened() {},
    onPayload() {},
    onAnswer() {},
    onClosed() {},
  };
}
