import { engineContract } from '../../test/contract/engine.ts';
import { engineProtocolContract } from '../../test/contract/engine-protocol.ts';
import type { EngineEvents } from './engine.ts';
import { EpollEngine } from './epoll.ts';
import { loadLibc } from './libc.ts';

const options = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;
const create = (events: EngineEvents): EpollEngine => new EpollEngine(loadLibc(), options, events);
const createWithPorts = (events: EngineEvents): EpollEngine =>
  new EpollEngine(loadLibc(), { ...options, portRange: [40_000, 60_000] }, events);

engineContract('epoll', create);
engineContract('epoll, giving out ports itself', createWithPorts);
engineProtocolContract('epoll', create);
