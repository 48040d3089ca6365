import type { Engine, EngineEvents } from './engine.ts';
import { createNodeEngine } from './node.ts';

export const ENGINES = ['node'] as const;
export type EngineName = (typeof ENGINES)[number];

/** @param events who is told what happens to the sockets */
export function createEngine(name: EngineName, events: EngineEvents): Engine {
  switch (name) {
    case 'node':
      return createNodeEngine({}, events);
  }
}
