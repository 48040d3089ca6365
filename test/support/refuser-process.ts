/**
 * A Node.js server that refuses every upgrade, and listens for no error anywhere: `node refuser-process.js <how>`. A reset in
 * the middle of it ends it. Sends `{ port }` once it listens on 127.0.0.1, then `{ refused, resets }` whenever it is asked, and
 * ends when its parent does.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HowRefused } from './refuser.ts';

const ANSWER = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno';
/** Longer than what a client's kernel takes unread. */
const LONG_BODY = Buffer.alloc(400_000, 'no ');
const LATE_MS = 50;

const REFUSE: Readonly<Record<HowRefused, (socket: Socket) => void>> = {
  ends: (socket) => socket.end(ANSWER),
  destroys: (socket) => socket.write(ANSWER, () => socket.destroy()),
  // Nobody reads it, so nobody sees that the client has closed.
  keeps: (socket) => socket.write(ANSWER),
  'ends late': (socket) => {
    socket.write(ANSWER.slice(0, -2));
    setTimeout(() => socket.end('no'), LATE_MS);
  },
  'says much': (socket) => {
    socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${LONG_BODY.length}\r\n\r\n`);
    setTimeout(() => socket.end(LONG_BODY), LATE_MS);
  },
  'dies after 50': (socket) => {
    socket.end(ANSWER);
    if (refused === 50) setTimeout(() => process.exit(3), LATE_MS);
  },
};

const how = process.argv[2] as HowRefused;
let refused = 0;
const server = createServer();
server.on('upgrade', (_, socket) => {
  refused++;
  REFUSE[how](socket as Socket);
});
server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
if (process.send) process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.({ refused }));
