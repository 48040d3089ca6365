import type { ProtocolName } from '../core/protocols/names.ts';
import { isPortScheme, type SchemeName, toCarried } from '../core/protocols/schemes.ts';
import type { Census, RuntimeMemory } from '../core/schemas/admin.ts';
import type { ProcessCosts } from '../core/values/process-costs.ts';
import { collectGarbage } from '../memory/collect.ts';
import { watchOwnProcess } from '../memory/own-process.ts';
import { readQuickMemory } from '../memory/process-tree.ts';
import type { ListensOn } from '../telemetry/listen.ts';
import { Gate } from './admission.ts';
import { sumCensus } from './census.ts';
import { createEventStreams } from './event-streams.ts';
import { createGreeting } from './greeting.ts';
import { listenHttp } from './http.ts';
import { connectionLimit } from './limits.ts';
import type { Held, Listener, ListenerContext, TopConnection } from './listener.ts';
import type { PartOptions } from './options.ts';
import { Queues } from './queues.ts';
import { type RoomMessage, Rooms } from './rooms.ts';
import { startSampler } from './sampler.ts';
import { securing, toSecureContext } from './secured-socket.ts';
import { listenTcp } from './tcp.ts';
import { listenWs } from './ws.ts';

/** One process's share of the server, wherever it runs: in this process or in a child of it. */
export interface ServerPart {
  /** Ports it listens on. */
  readonly ports: Readonly<Partial<Record<SchemeName, number>>>;
  /** @param collect whether to force a full collection first */
  snapshot(collect: boolean): Promise<ServerSnapshot>;
  /** Its connections with the most bytes queued towards the peer, most first. */
  top(count: number): Promise<TopConnection[]>;
  /** Tells all in a room, in this process. */
  publish(message: RoomMessage): void;
  /** Closes in order, waiting up to `graceMs` for peers. */
  close(graceMs: number): Promise<void>;
}

/** All that is known of a part at one moment. O(1) in the number of connections. */
export interface ServerSnapshot {
  readonly memory: RuntimeMemory;
  readonly census: Census;
  readonly idleRssBytes: number | null;
  readonly maxConnections: number;
  readonly costs: ProcessCosts;
  /** Anonymous memory of this process; null where there is no /proc. */
  readonly anonBytes: number | null;
}

type Listen = (context: ListenerContext, at: ListensOn) => Promise<Listener>;

const LISTEN: Readonly<Record<ProtocolName, Listen>> = {
  tcp: listenTcp,
  ws: listenWs,
  http: (context, at) => listenHttp(context, at, createGreeting),
  sse: (context, at) => listenHttp(context, at, createEventStreams),
};

/**
 * Serves connections in this process.
 *
 * @param onSaid told of what is said in a room, for those in it that other processes hold
 *
 * @throws {RigError} ELISTEN, EFILES
 */
export async function startPart(
  options: PartOptions,
  onSaid: (message: RoomMessage) => void = () => {},
): Promise<ServerPart> {
  // What the first collection costs for good belongs to the baseline.
  await collectGarbage();
  const gate = new Gate(connectionLimit(options.maxConnections));
  const queues = new Queues(options.maxQueuedBytes);
  const rooms = new Rooms(onSaid);
  const secureContext = options.tls && toSecureContext(options.tls);
  const listeners = new Map<SchemeName, Listener>();
  const closeAll = async (graceMs: number): Promise<void> => {
    await Promise.all([...listeners.values()].map((listener) => listener.close(graceMs)));
  };
  try {
    for (const scheme of options.schemes) {
      const { protocol, transport } = toCarried(scheme);
      const secure = transport === 'tls' ? securing(secureContext!, protocol) : undefined;
      const listener = await LISTEN[protocol]({ options, gate, queues, rooms, secure }, placeOf(scheme, options));
      listeners.set(scheme, listener);
    }
  } catch (error) {
    await closeAll(0);
    throw error;
  }
  const sampler = startSampler(() => gate.held);
  const own = watchOwnProcess();
  // A census names every scheme, served or not.
  const census = (): Census =>
    sumCensus([...listeners].map(([name, listener]) => ({ ...sumCensus([]), [name]: listener.census })));

  return {
    ports: Object.fromEntries([...listeners].map(([name, { port }]) => [name, port])),
    async snapshot(collect) {
      if (collect) await collectGarbage();
      const memory = sampler.take();
      return {
        memory,
        census: census(),
        idleRssBytes: sampler.idleRssBytes,
        maxConnections: gate.max,
        costs: own.costs(),
        anonBytes: readQuickMemory([process.pid])?.anonBytes ?? null,
      };
    },
    async top(count) {
      return topOf(listeners, count);
    },
    publish: (message) => rooms.publish(message),
    async close(graceMs) {
      sampler.stop();
      own.stop();
      await closeAll(graceMs);
    },
  };
}

function placeOf(scheme: SchemeName, { host, ports, sockets }: PartOptions): ListensOn {
  return isPortScheme(scheme) ? { host, port: ports[scheme] } : { path: sockets[scheme]! };
}

/**
 * Goes through all connections with room for `count` of them. Addresses are asked of the kernel only for those that made
 * it into the list.
 */
function topOf(listeners: ReadonlyMap<SchemeName, Listener>, count: number): TopConnection[] {
  const top: Array<Held & { readonly protocol: SchemeName }> = [];
  for (const [protocol, listener] of listeners) {
    for (const { queuedBytes, transport } of listener.held()) {
      if (top.length === count && queuedBytes <= top.at(-1)!.queuedBytes) continue;
      const after = top.findLastIndex((one) => one.queuedBytes >= queuedBytes);
      top.splice(after + 1, 0, { protocol, queuedBytes, transport });
      top.length = Math.min(top.length, count);
    }
  }
  return top.map(({ protocol, queuedBytes, transport }) => ({
    pid: process.pid,
    protocol,
    // At a Unix socket peers have no address.
    peer: isPortScheme(protocol) ? `${transport.remoteAddress ?? '?'}:${transport.remotePort ?? '?'}` : protocol,
    queuedBytes,
    bytesIn: transport.bytesRead,
    bytesOut: transport.bytesWritten,
  }));
}
