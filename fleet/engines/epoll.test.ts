import { engineContract, openingEngineContract } from '../../test/contract/engine.ts';
import { engineProtocolContract } from '../../test/contract/engine-protocol.ts';
import type { EngineEvents } from './engine.ts';
import { EpollEngine } from './epoll.ts';
import { loadLibc } from './libc.ts';
import type { QueueBounds } from './send-queues.ts';

const options = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;
const create = (events: EngineEvents, queueBounds?: QueueBounds): EpollEngine =>
  new EpollEngine(loadLibc(), { ...options, ...(queueBounds && { queueBounds }) }, events);
const createWithPorts = (events: EngineEvents, queueBounds?: QueueBounds): EpollEngine =>
  new EpollEngine(loadLibc(), { ...options, portRange: [40_000, 60_000], ...(queueBounds && { queueBounds }) }, events);

engineContract('epoll', create);
openingEngineContract('epoll, giving out ports itself', createWithPorts);
engineProtocolContract('epoll', create);
