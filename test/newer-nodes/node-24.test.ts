import { goesOn } from './newer-node.ts';

goesOn('24.21.0');
