// Phoenix channels at /socket, as Phoenix speaks them (version 2.0.0): it can't be had from these registries itself.
// As Phoenix does, it closes a connection that says nothing for its time-out; that is 10 s here, and 60 s there.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const TIMEOUT_MS = 10_000;
const sockets = new Set();
let dropped = 0;

const http = createServer();
const server = new WebSocketServer({ noServer: true });
http.on('upgrade', (request, socket, head) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const version = searchParams.get('vsn') ?? '1.0.0';
  if (pathname !== '/socket/websocket') return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
  if (!version.startsWith('2.')) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  server.handleUpgrade(request, socket, head, (webSocket) => welcome(webSocket));
});

function welcome(webSocket) {
  const joined = new Map();
  const entry = { joined };
  sockets.add(entry);
  const drop = () => {
    dropped++;
    webSocket.close(1000);
  };
  let timer = setTimeout(drop, TIMEOUT_MS);
  webSocket.on('close', () => {
    clearTimeout(timer);
    sockets.delete(entry);
  });
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('message', (data) => {
    clearTimeout(timer);
    timer = setTimeout(drop, TIMEOUT_MS);
    const [joinRef, ref, topic, event, payload] = JSON.parse(String(data));
    const say = (...message) => webSocket.send(JSON.stringify(message));
    const reply = (status, response) => say(joinRef, ref, topic, 'phx_reply', { status, response });
    if (topic === 'phoenix' && event === 'heartbeat') return reply('ok', {});
    if (event === 'phx_join') {
      if (!topic.startsWith('room:') || payload.token === 'wrong') return reply('error', { reason: 'unmatched topic' });
      // Somebody who joins twice leaves first.
      if (joined.has(topic)) say(joined.get(topic), ref, topic, 'phx_close', {});
      joined.set(topic, joinRef);
      return reply('ok', {});
    }
    if (joined.get(topic) !== joinRef) return reply('error', { reason: 'unmatched topic' });
    if (event !== 'phx_leave') return reply('ok', payload);
    joined.delete(topic);
    reply('ok', {});
    say(joinRef, ref, topic, 'phx_close', {});
  });
}

// It ends with whoever started it.
createInterface(process.stdin)
  .on('close', () => process.exit())
  .on('line', () => {
    const entries = [...sockets];
    const clients = entries.filter(({ joined }) => joined.size > 0).length;
    process.stdout.write(`${JSON.stringify({ clients, connections: entries.length, dropped })}\n`);
  });
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
