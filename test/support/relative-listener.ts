/** Listens at a Unix socket by the path that it is given, relative to where it was started. Tells its parent, and ends with it. */
import { createServer } from 'node:net';

process.on('disconnect', () => process.exit());
createServer((socket) => socket.on('error', () => {})).listen(process.argv[2], () => process.send?.('listening'));
