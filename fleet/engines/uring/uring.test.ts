import { test } from 'node:test';
import { engineContract, openingEngineContract, socketEngineContract } from '../../../test/contract/engine.ts';
import { engineProtocolContract } from '../../../test/contract/engine-protocol.ts';
import type { EngineFactory } from '../../../test/contract/subject.ts';
import type { EngineOptions } from '../engine-options.ts';
import { whyNoUring } from '../index.ts';
import { loadLibc } from '../libc.ts';
import { loadUringCalls } from './calls.ts';
import { UringEngine } from './uring.ts';

const OPTIONS = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;

const factory =
  (more: Partial<EngineOptions> = {}): EngineFactory =>
  (events, queueBounds) => {
    const options = { ...OPTIONS, ...more, ...(queueBounds && { queueBounds }) };
    return new UringEngine(loadUringCalls(), loadLibc(), options, events);
  };

const why = await whyNoUring(process.platform);
if (why !== undefined) test('the engine of io_uring', { skip: why });
else {
  engineContract('uring', factory());
  openingEngineContract('uring, giving out ports itself', factory({ portRange: [40_000, 60_000] }));
  engineProtocolContract('uring', factory());
  socketEngineContract('uring', factory());
}
