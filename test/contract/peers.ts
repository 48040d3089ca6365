import { createServer, type Server, type Socket } from 'node:net';
import { makeCertificate } from '../../certificates/make-certificate.ts';
import { type EchoProcess, startEcho } from '../support/echo.ts';
import { startFlood } from '../support/flood.ts';
import { withServer } from '../support/peers.ts';
import { createSecuredServer } from '../support/secured-server.ts';

type OnConnection = (socket: Socket) => void;

/** With whom an engine is tested: plain servers, or the same behind TLS. */
export interface Peers {
  createServer(options: { allowHalfOpen?: boolean }, onConnection: OnConnection): Server;
  /** Echoes, in a process of its own. */
  startEcho(): Promise<EchoProcess>;
  /** Sends bytes without a pause to each connection, in a process of its own. */
  startFlood(): ReturnType<typeof startFlood>;
  /** Of the connections of tests with thousands, how many are opened. */
  readonly share: number;
}

export const PLAIN: Peers = {
  createServer,
  startEcho: () => startEcho('tcp'),
  startFlood: () => startFlood('bytes', 1),
  share: 1,
};

/** By what the peers of {@link SECURED} are known. */
export const CERTIFICATE = makeCertificate({ names: ['127.0.0.1'], now: new Date(), days: 1 });

/** Handshakes are dear at both ends, and all of them are here. */
const SECURED_SHARE = 0.02;

export const SECURED: Peers = {
  createServer: (options, onConnection) => createSecuredServer(CERTIFICATE, options, onConnection),
  startEcho: () => startEcho('tcp', { secured: CERTIFICATE }),
  startFlood: () => startFlood('bytes', 1, CERTIFICATE),
  share: SECURED_SHARE,
};

/** A server of theirs on loopback, as long as its body runs. */
export const serving =
  (peers: Peers) =>
  (options: { allowHalfOpen?: boolean }, onConnection: OnConnection, body: Parameters<typeof withServer>[2]) =>
    withServer(options, onConnection, body, peers.createServer);
