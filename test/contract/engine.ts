import { describe } from 'node:test';
import { closingContract } from './engine-closing.ts';
import { dataContract } from './engine-data.ts';
import { floodContract } from './engine-flood.ts';
import { numbersContract } from './engine-numbers.ts';
import { openingContract } from './engine-opening.ts';
import { pausingContract } from './engine-pausing.ts';
import { socketOpeningContract } from './engine-sockets.ts';
import { vanishingContract } from './engine-vanishing.ts';
import { PLAIN_PEERS, SOCKET_PEERS } from './peers.ts';
import type { EngineFactory } from './subject.ts';

/**
 * What every engine must do, on real sockets over loopback. Servers run in this process unless their number of
 * descriptors would matter.
 */
export function engineContract(name: string, makeEngine: EngineFactory, peers = PLAIN_PEERS): void {
  describe(`${name} engine`, { timeout: 180_000 }, () => {
    openingContract(makeEngine, peers);
    closingContract(makeEngine, peers);
    dataContract(makeEngine, peers);
    floodContract(makeEngine, peers);
    pausingContract(makeEngine, peers);
    vanishingContract(makeEngine, peers);
    numbersContract(makeEngine, peers);
  });
}

/** The same at Unix sockets, of an engine that keeps all of it over TCP. */
export function socketEngineContract(name: string, makeEngine: EngineFactory): void {
  describe(`${name} engine, at Unix sockets`, { timeout: 180_000 }, () => {
    socketOpeningContract(makeEngine);
    closingContract(makeEngine, SOCKET_PEERS);
    dataContract(makeEngine, SOCKET_PEERS);
    floodContract(makeEngine, SOCKET_PEERS);
    pausingContract(makeEngine, SOCKET_PEERS);
    numbersContract(makeEngine, SOCKET_PEERS);
  });
}

/** The same, of an engine that differs from one that keeps all of it only in how it opens. */
export function openingEngineContract(name: string, makeEngine: EngineFactory, peers = PLAIN_PEERS): void {
  describe(`${name} engine`, { timeout: 180_000 }, () => {
    openingContract(makeEngine, peers);
    closingContract(makeEngine, peers);
    numbersContract(makeEngine, peers);
  });
}
