import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** PEM. */
export interface ServerMaterial {
  readonly cert: string;
  readonly key: string;
}

/** A server like one of `node:net`, whose connections are secured before anybody hears of them; they can be reset. */
export function createSecuredServer(
  material: ServerMaterial,
  options: { readonly allowHalfOpen?: boolean; readonly noDelay?: boolean },
  onConnection: (socket: Socket) => void,
): Server {
  const secureContext = createSecureContext(material);
  return createServer(options, (raw) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    // Only what is on TCP can be reset.
    socket.resetAndDestroy = () => {
      raw.resetAndDestroy();
      return socket;
    };
    raw.on('error', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('secure', () => onConnection(socket));
  });
}

/** What a parent sends to a server that is a process of its own. */
export const receiveMaterial = (): Promise<ServerMaterial> =>
  new Promise((resolve) => {
    process.once('message', (message) => resolve(message as ServerMaterial));
  });
