import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, from their first packet on. */
export interface HeldConnections {
  /** The connection itself below what TLS makes of it; undefined once it is closed. */
  below(socket: Socket): Socket | undefined;
  /** Ends them at once, those in their handshake included. */
  drop(): void;
}

/**
 * With no place left, the connection that has waited the longest for its request gives way. Those who open connections
 * to say nothing, or one byte a second, can't keep a scraper out. Over TLS a connection takes its place with its first
 * packet, not when its handshake is done.
 */
export function boundConnections(server: Server, most: number): HeldConnections {
  const held = new Map<string, Socket>();
  /** Those of them that are not being answered, the oldest first. */
  const waiting = new Map<string, Socket>();
  server.on('connection', (socket) => {
    if (held.size >= most) {
      const [oldest] = waiting;
      const [whose, gives] = oldest ?? ['', socket];
      held.delete(whose);
      waiting.delete(whose);
      gives.destroy();
      if (oldest === undefined) return;
    }
    const peer = peerOf(socket);
    held.set(peer, socket);
    waiting.set(peer, socket);
    socket.once('close', () => {
      // Its address may be another connection's by now.
      if (held.get(peer) !== socket) return;
      held.delete(peer);
      waiting.delete(peer);
    });
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const peer = peerOf(socket);
    const holder = held.get(peer);
    waiting.delete(peer);
    response.once('close', () => {
      if (holder !== undefined && held.get(peer) === holder) waiting.set(peer, holder);
    });
  });
  return {
    below: (socket) => held.get(peerOf(socket)),
    drop() {
      for (const socket of held.values()) socket.destroy();
    },
  };
}

/** The same for a connection and what TLS makes of it, which are two sockets to Node. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
