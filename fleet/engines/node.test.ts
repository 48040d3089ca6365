import { engineContract } from '../../test/contract/engine.ts';
import { engineProtocolContract } from '../../test/contract/engine-protocol.ts';
import type { Engine, EngineEvents } from './engine.ts';
import { createNodeEngine } from './node.ts';
import type { QueueBounds } from './send-queues.ts';

const create = (events: EngineEvents, queueBounds?: QueueBounds): Engine =>
  createNodeEngine(queueBounds ? { queueBounds } : {}, events);

engineContract('node', create);
engineProtocolContract('node', create);
