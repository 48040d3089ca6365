import type { Engine, SecuredEngineEvents } from '../engines/engine.ts';
import type { EngineOptions } from '../engines/engine-options.ts';
import { type EngineName, loadEngine } from '../engines/index.ts';
import { SecuredEngine } from '../transports/secured-engine.ts';
import type { Agreement, TlsOptions } from '../transports/tls/tls-options.ts';

/** By whom connections are secured: OpenSSL as it is in this process, or `node:tls`, which has an object for each. */
export const TLS_CARRIERS = ['openssl', 'node-tls'] as const;

/** How a worker's connections are secured. */
export interface Securing {
  readonly by: (typeof TLS_CARRIERS)[number];
  readonly options: TlsOptions;
}

/** What a worker's engine is made of. */
interface WorkerEngine {
  readonly name: EngineName;
  readonly options: EngineOptions;
  /** Give the calling thread a descriptor table of its own first. */
  readonly ownTable: boolean;
  /** undefined: connections are plain */
  readonly securing: Securing | undefined;
}

/** @param onAgreed told of each different agreement once */
export async function makeEngine(
  { name, options, ownTable, securing }: WorkerEngine,
  events: SecuredEngineEvents,
  onAgreed: (agreement: Agreement) => void,
): Promise<Engine> {
  const make = await loadWorkerEngine(name, securing);
  return make(options, ownTable, events, onAgreed);
}

type MakeWorkerEngine = (
  options: EngineOptions,
  ownTable: boolean,
  events: SecuredEngineEvents,
  onAgreed: (agreement: Agreement) => void,
) => Engine;

/** What {@link makeEngine} makes an engine with, when its code is there. */
export async function loadWorkerEngine(name: EngineName, securing: Securing | undefined): Promise<MakeWorkerEngine> {
  if (securing?.by === 'node-tls') {
    if (name !== 'node') throw new TypeError(`node:tls has no sockets of the ${name} engine`);
    const { createNodeTlsEngine } = await import('../engines/node-tls.ts');
    return (options, _ownTable, events, onAgreed) => createNodeTlsEngine(options, securing.options, events, onAgreed);
  }
  const make = await loadEngine(name);
  if (securing === undefined) return make;
  const { createTlsTransport } = await import('../transports/tls/tls-transport.ts');
  return (options, ownTable, events, onAgreed) =>
    new SecuredEngine(
      options.slots,
      (inner) => make(options, ownTable, inner),
      (outer) => createTlsTransport(securing.options, options.slots, outer, onAgreed),
      events,
    );
}
