import { goesOn } from './newer-node.ts';

goesOn('26.10.0');
