/**
 * A ws server that notices vanished peers in known ways, as a process of its own: `node notice-process.js <every ms> <patience ms> <ways> [<port>]`. Connections take
 * the ways in turn. `ping`: pinged every so often, dropped after so long without a pong. `keep-alive` and `retransmission`: its
 * kernel gives up. `told`: dropped when its parent names their ports. `never`: held. It tells its parent `{ port }`, and on `report`
 * when it let go of whom by the monotonic clock; without a parent it prints that, by the wall's.
 */
import type { AddressInfo } from 'node:net';
import koffi from 'koffi';
import { type WebSocket, WebSocketServer } from 'ws';
import { descriptorOf } from '../../fleet/engines/node.ts';
import { monotonicClock } from '../../fleet/local/shared.ts';

const [, , everyMs = '1000', patienceMs = '2000', ways = 'ping', port = '0'] = process.argv;
const now = process.send ? monotonicClock() : Date.now;
const setOption = koffi.load(null).func('int setsockopt(int, int, int, void *, uint32_t)');

/** `SO_KEEPALIVE`; `TCP_KEEPIDLE`, `TCP_KEEPINTVL`, `TCP_KEEPCNT` and `TCP_USER_TIMEOUT`. */
const KEEP_ALIVE = [
  [1, 9, 1],
  [6, 4, 1],
  [6, 5, 1],
  [6, 6, 2],
] as const;
const USER_TIMEOUT = [[6, 18, 1500]] as const;

interface Peer {
  readonly socket: WebSocket;
  readonly port: number;
  readonly way: string;
  heardAtMs: number;
}

const peers = new Set<Peer>();
const log: { readonly port: number; readonly way: string; readonly atMs: number }[] = [];
const turns = ways.split(',');
let accepted = 0;

function letGo(peer: Peer): void {
  if (!peers.delete(peer)) return;
  log.push({ port: peer.port, way: peer.way, atMs: now() });
  peer.socket.terminate();
}

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
server.on('connection', (socket, { socket: connection }) => {
  const way = turns[accepted++ % turns.length]!;
  const peer: Peer = { socket, port: connection.remotePort!, way, heardAtMs: now() };
  const options = way === 'keep-alive' ? KEEP_ALIVE : way === 'retransmission' ? USER_TIMEOUT : [];
  for (const [level, name, value] of options) {
    setOption(descriptorOf(connection), level, name, new Int32Array([value]), 4);
  }
  peers.add(peer);
  socket.on('pong', () => {
    peer.heardAtMs = now();
  });
  // What its kernel says comes as an error before the end.
  socket.on('error', () => letGo(peer));
  connection.on('error', () => letGo(peer));
  socket.on('close', () => peers.delete(peer));
});

setInterval(() => {
  for (const peer of peers) {
    if (peer.way !== 'ping' && peer.way !== 'retransmission') continue;
    if (peer.way === 'ping' && now() - peer.heardAtMs > Number(patienceMs)) letGo(peer);
    else peer.socket.ping();
  }
}, Number(everyMs));

process.on('message', (message: 'report' | { readonly drop: readonly number[] }) => {
  if (message === 'report') {
    process.send?.({ log });
    return;
  }
  const named = new Set(message.drop);
  for (const peer of peers) if (peer.way === 'told' && named.has(peer.port)) letGo(peer);
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(log)}\n`, () => process.exit());
});
