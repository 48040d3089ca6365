/** Those that sign in and say nothing any more: what a server does with them shows that it minds whether pings are answered. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

/** Far beyond what any server here bears. */
const DEADLINE_MS = 60_000;

/**
 * Over WebSocket; it doesn't answer its pings either.
 *
 * @returns when the server has ended it
 */
export async function silentWebSocket(url: string, subprotocol?: string, ...greeting: string[]): Promise<void> {
  const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol], { autoPong: false });
  socket.on('open', () => {
    for (const text of greeting) socket.send(text);
  });
  await once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
}

/** Over tcp. */
export async function silentSocket(port: number, greeting: Uint8Array | string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(greeting);
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
}
