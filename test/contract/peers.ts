import { createServer, type Server, type Socket } from 'node:net';
import { makeCertificate } from '../../certificates/make-certificate.ts';
import type { Destination } from '../../fleet/engines/engine.ts';
import { type EchoProcess, startEcho } from '../support/echo.ts';
import { startFlood } from '../support/flood.ts';
import { listenAtPath, listenAtPort, unusedPath, withServerOf } from '../support/peers.ts';
import { createSecuredServer } from '../support/secured-server.ts';

type OnConnection = (socket: Socket) => void;

/** With whom an engine is tested: plain servers, or the same behind TLS. */
export interface Peers {
  createServer(options: { allowHalfOpen?: boolean }, onConnection: OnConnection): Server;
  /** Has such a server listen. @returns where */
  listen(server: Server): Promise<Destination>;
  /** Whether a connection can be reset, and not only closed. */
  readonly canReset: boolean;
  /** A new path, where they are at Unix sockets. */
  readonly path?: () => string;
  /** Echoes, in a process of its own. */
  startEcho(): Promise<EchoProcess>;
  /** Sends bytes without a pause to each connection, in a process of its own. */
  startFlood(): ReturnType<typeof startFlood>;
  /** How many are opened of the connections of tests with thousands. */
  readonly share: number;
}

export const PLAIN_PEERS: Peers = {
  createServer,
  listen: listenAtPort,
  canReset: true,
  startEcho: () => startEcho('tcp'),
  startFlood: () => startFlood('bytes', 1),
  share: 1,
};

/** At Unix sockets. */
export const SOCKET_PEERS: Peers = {
  createServer,
  listen: listenAtPath,
  canReset: false,
  path: unusedPath,
  startEcho: () => startEcho('tcp', { path: unusedPath() }),
  startFlood: () => startFlood('bytes', 1, undefined, unusedPath()),
  share: 1,
};

/** By what the peers of {@link SECURED_PEERS} are known. */
export const CERTIFICATE = makeCertificate({ names: ['127.0.0.1'], now: new Date(), days: 1 });

/** Handshakes are dear at both ends, and all of them are here. */
const SECURED_SHARE = 0.02;

export const SECURED_PEERS: Peers = {
  createServer: (options, onConnection) => createSecuredServer(CERTIFICATE, options, onConnection),
  listen: listenAtPort,
  canReset: true,
  startEcho: () => startEcho('tcp', { secured: CERTIFICATE }),
  startFlood: () => startFlood('bytes', 1, CERTIFICATE),
  share: SECURED_SHARE,
};

/** A server of theirs on this machine, as long as its body runs. */
export const serving =
  (peers: Peers) =>
  (options: { allowHalfOpen?: boolean }, onConnection: OnConnection, body: (at: Destination) => Promise<void>) =>
    withServerOf(peers.createServer, peers.listen, options, onConnection, body);
