import type { BehaviourPlan } from '../../core/behaviours/behaviours.ts';
import type { MessageProtocol, Protocol, RequestProtocol, TalkingProtocol } from '../protocols/protocol.ts';
import type { Behaviour, BehaviourDeps } from './behaviour.ts';
import { createChurn } from './churn.ts';
import { createEcho } from './echo.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createPolls } from './poll.ts';
import { createRequests } from './request.ts';
import { createStorm } from './storm.ts';
import { createVanish } from './vanish.ts';

const IDLE: Behaviour = {
  step: () => Number.POSITIVE_INFINITY,
  rest() {},
  onOpened() {},
  onPayload() {},
  onAnswer() {},
  onClosed() {},
};

/**
 * @param plan this worker's share
 * @throws TypeError when the protocol's connections can't do that; whoever read the plan has refused it before
 */
export function createBehaviour(plan: BehaviourPlan, deps: BehaviourDeps): Behaviour {
  const { protocol } = deps;
  switch (plan.kind) {
    case 'idle':
      return IDLE;
    case 'heartbeat':
      if (!canTalk(protocol)) throw new TypeError(`${protocol.name} has nothing to say`);
      return createHeartbeat(plan.everyMs, { ...deps, protocol });
    case 'echo':
      if (!hasMessages(protocol)) throw new TypeError(`${protocol.name} has no messages`);
      return createEcho(plan.perSecond, plan.bytes, { ...deps, protocol });
    case 'request':
      if (!hasRequests(protocol)) throw new TypeError(`${protocol.name} has no requests`);
      return createRequests(plan.perSecond, { ...deps, protocol });
    case 'poll':
      if (!hasRequests(protocol)) throw new TypeError(`${protocol.name} has no requests`);
      return createPolls(plan.pauseMs, { ...deps, protocol });
    case 'storm':
      return createStorm(plan, deps);
    case 'vanish':
      return createVanish(plan, deps);
    case 'churn':
      return createChurn(plan, deps);
  }
}

const canTalk = (protocol: Protocol): protocol is TalkingProtocol => 'heartbeat' in protocol;
const hasMessages = (protocol: Protocol): protocol is MessageProtocol => 'message' in protocol;
const hasRequests = (protocol: Protocol): protocol is RequestProtocol => 'request' in protocol;
