import { engineContract } from '../../test/contract/engine.ts';
import { createNodeEngine } from './node.ts';

engineContract('node', (events) => createNodeEngine({}, events));
