import { type BehaviourDescriptor, isStill } from './descriptor.ts';

/** Nothing: it is just there. */
export interface IdlePlan {
  readonly kind: 'idle';
}

export const IDLE: BehaviourDescriptor<IdlePlan> = {
  example: 'idle',
  help: 'they are just there',
  needs: undefined,
  talks: false,
  standsBeside: true,
  parse: (parts) => (parts.length === 0 ? { kind: 'idle' } : undefined),
  isSteady: isStill,
};
