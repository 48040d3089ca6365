import type { Socket } from 'node:net';
import type { Endpoint } from '../../fleet/engines/engine.ts';
import { withServer } from './peers.ts';

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a server does with the nth request on a connection, from 0. */
export type HttpAnswer = (socket: Socket, nth: number, request: string) => void;

/** A server in this process that finds requests without a body by their empty lines, and does what it is told with each. */
export function withHttp(answer: HttpAnswer, body: (at: Endpoint) => Promise<void>): Promise<void> {
  const serve = (socket: Socket): void => {
    let [text, nth] = ['', 0];
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        answer(socket, nth++, request);
      }
    });
  };
  return withServer({}, serve, body);
}
