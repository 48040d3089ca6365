import { socketEngineContract } from '../../test/contract/engine.ts';
import { createNodeEngine } from './node.ts';

socketEngineContract('node', (events, queueBounds) => createNodeEngine(queueBounds ? { queueBounds } : {}, events));
