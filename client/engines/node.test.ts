import { engineContract } from '../../test/contract/engine.ts';
import { engineProtocolContract } from '../../test/contract/engine-protocol.ts';
import { createNodeEngine } from './node.ts';

engineContract('node', (events) => createNodeEngine({}, events));
engineProtocolContract('node', (events) => createNodeEngine({}, events));
