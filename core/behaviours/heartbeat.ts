import { doubtAbout, parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';

/** Shows the peer that it is alive, every so often: a ws ping, one byte of tcp, a request of http. */
export interface HeartbeatPlan {
  readonly kind: 'heartbeat';
  readonly everyMs: number;
}

export const HEARTBEAT: BehaviourDescriptor<HeartbeatPlan> = {
  example: 'heartbeat:30s',
  help: 'each shows that it is alive',
  needs: ['messages', 'requests'],
  talks: false,
  standsBeside: true,
  parse(parts, text) {
    const everyMs = parts.length === 1 ? parseQuantity('duration', parts[0]!) : undefined;
    if (everyMs === undefined) return undefined;
    const doubt = doubtAbout('duration', parts[0]!);
    if (doubt) return `"${text}" may mean ${doubt.map((one) => `heartbeat:${one}`).join(' or ')}: write which`;
    return everyMs >= 1 ? { kind: 'heartbeat', everyMs } : `"${text}" is too often; a heartbeat every 1ms at the most`;
  },
  isSteady: isStill,
};
