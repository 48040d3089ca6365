import type { Engine, EngineEvents } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { createNodeEngine } from './node.ts';

export const ENGINES = ['epoll', 'node'] as const;
export type EngineName = (typeof ENGINES)[number];

/**
 * @param ownTable give the calling thread a descriptor table of its own first; epoll only
 * @param events who is told what happens to the sockets
 */
export type MakeEngine = (options: EngineOptions, ownTable: boolean, events: EngineEvents) => Engine;

/** @throws when this system doesn't have what the engine needs; see {@link whyNoEpoll} */
export async function loadEngine(name: EngineName): Promise<MakeEngine> {
  if (name === 'node') return (options, _ownTable, events) => createNodeEngine(options, events);
  if (name !== 'epoll') throw new TypeError(`there is no engine ${name}`);
  // Loaded only when asked for: elsewhere the library may not even be installed.
  const { loadLibc } = await import('./libc.ts');
  const { EpollEngine } = await import('./epoll.ts');
  const { ownDescriptorTable } = await import('./descriptor-table.ts');
  const libc = loadLibc();
  return (options, ownTable, events) => {
    if (ownTable) ownDescriptorTable(libc);
    return new EpollEngine(libc, options, events);
  };
}

/** Why the epoll engine can't be had here, in words; undefined when it can. */
export async function whyNoEpoll(platform: NodeJS.Platform): Promise<string | undefined> {
  if (platform !== 'linux') return `there is no epoll on ${platform}`;
  try {
    const { loadLibc } = await import('./libc.ts');
    const libc = loadLibc();
    const epoll = libc.epollCreate(0);
    if (epoll < 0) return `epoll_create1: ${libc.errorName()}`;
    libc.close(epoll);
    return undefined;
  } catch (error) {
    return `libc can't be called: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
}
