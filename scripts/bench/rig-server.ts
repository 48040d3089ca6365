/** The reference server with what a usual start serves, driven like bare-server. Forked by server-overhead. */
import { DEFAULT_SCHEMES, mapPortSchemes } from '../../core/protocols/schemes.ts';
import { collectGarbage } from '../../memory/collect.ts';
import { startServer } from '../../server/start.ts';

const server = await startServer(
  {
    host: '127.0.0.1',
    schemes: DEFAULT_SCHEMES,
    sockets: {},
    ports: mapPortSchemes(() => 0),
    admin: { host: '127.0.0.1', port: 0, access: { token: undefined, names: [] } },
    backlog: 4096,
    maxConnections: undefined,
    maxQueuedBytes: 2 ** 28,
    handshakeTimeoutMs: 10_000,
    maxPayloadBytes: 2 ** 20,
    perMessageDeflate: false,
    eventEveryMs: undefined,
    pollHoldMs: 30_000,
    certificate: undefined,
    processes: 1,
  },
  { childEntry: new URL('../../cli/serve-child.js', import.meta.url), version: '0.0.0' },
);
const url = server.ready.urls.find((candidate) => candidate.startsWith('ws:'));
process.send?.({ port: Number(url?.split(':').at(-1)), admin: server.ready.admin });
process.on('message', () => {
  void collectGarbage().then(() => process.send?.('collected'));
});
process.on('disconnect', () => process.exit());
