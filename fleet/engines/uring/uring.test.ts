import { engineContract, openingEngineContract, socketEngineContract } from '../../../test/contract/engine.ts';
import { engineProtocolContract } from '../../../test/contract/engine-protocol.ts';
import type { EngineEvents } from '../engine.ts';
import { loadLibc } from '../libc.ts';
import type { QueueBounds } from '../send-queues.ts';
import { loadUringCalls } from './calls.ts';
import { UringEngine } from './uring.ts';

const options = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;
const create = (events: EngineEvents, queueBounds?: QueueBounds, more: object = {}): UringEngine =>
  new UringEngine(loadUringCalls(), loadLibc(), { ...options, ...more, ...(queueBounds && { queueBounds }) }, events);

engineContract('uring', create);
openingEngineContract('uring, giving out ports itself', (events, bounds) =>
  create(events, bounds, { portRange: [40_000, 60_000] }),
);
engineProtocolContract('uring', create);
socketEngineContract('uring', create);
