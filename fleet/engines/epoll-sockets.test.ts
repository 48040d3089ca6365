import { socketEngineContract } from '../../test/contract/engine.ts';
import { EpollEngine } from './epoll.ts';
import { loadLibc } from './libc.ts';

const options = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;

socketEngineContract(
  'epoll',
  (events, queueBounds) => new EpollEngine(loadLibc(), { ...options, ...(queueBounds && { queueBounds }) }, events),
);
