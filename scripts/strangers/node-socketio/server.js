// Socket.IO over WebSocket: each message comes back. Its own timers are out of the way of a run that is silent.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { pingInterval: 3_600_000, connectTimeout: 3_600_000 });
io.on('connection', (socket) => socket.on('message', (text) => socket.emit('message', text)));
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
