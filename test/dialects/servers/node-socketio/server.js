// Socket.IO with two namespaces. A client that answers no ping is dropped after 10 s.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { pingInterval: 2500, pingTimeout: 7500 });
let dropped = 0;
io.on('connection', watch);
io.of('/admin')
  .use(({ handshake }, next) => next(handshake.auth.token === 'a "quoted" one' ? undefined : new Error('not you')))
  .on('connection', watch);

function watch(socket) {
  socket.on('message', (text) => socket.emit('message', text));
  socket.on('disconnect', (reason) => {
    if (reason === 'ping timeout') dropped++;
  });
}

// It ends with whoever started it.
createInterface(process.stdin)
  .on('close', () => process.exit())
  .on('line', () => {
    const [main, admin] = ['/', '/admin'].map((namespace) => io.of(namespace).sockets.size);
    process.stdout.write(
      `${JSON.stringify({ clients: main + admin, admin, connections: io.engine.clientsCount, dropped })}\n`,
    );
  });
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
