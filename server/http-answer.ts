import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** When somebody for whom there was no place may ask again. */
export const RETRY_AFTER_SECONDS = 5;

/** The last thing that is said on a connection, by listeners that speak HTTP. @param headers each with its line end */
export const httpAnswer = (status: number, headers = ''): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`;

/** Has every new socket asked for first, so that one we can't hold never costs a parser. */
export function admitFirst(server: Server, admit: (socket: Socket) => boolean): void {
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (admit(socket)) for (const listener of serve) listener.call(server, socket);
  });
}
