#!/usr/bin/env bash
# An HTTP connection that rests in Node.js keeps the AsyncLocalStorage store of its last request.
#
# Versions:  Node.js 20, 24 or 26.
# Behaviour: A server handles each request within a store of its own (what request loggers, traces and the contexts of frameworks
#            do). 200 clients each send one request and keep the connection. Requests and answers are collected. Stores are not: the
#            timer of keepAliveTimeout is made while the answer ends, within the store, and holds it until the next request on
#            that connection or the connection's end. Without such a timer (keepAliveTimeout 0) they are collected.
# Seen:      200 of 200 stores kept by connections that rest, at the most 1 without a timer, none after all were closed
#            (Node.js 20.20.2, 24.21.0, 26.10.0, Linux 6.18).
# Matters:   A store of 20 KB (user, session, buffered log lines) is 20 KB more for each connection at rest. It shows where
#            keepAliveTimeout was raised from its 5 s, as behind load balancers, and not in a measurement whose handler has no store.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/hold.cjs" <<'JS'
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');
const net = require('node:net');
const CLIENTS = 200;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const context = new AsyncLocalStorage();
const kept = { requests: [], stores: [] };

const server = http.createServer({ keepAliveTimeout: Number(process.argv[2]) }, (request, response) => {
  const store = { of: 'one request' };
  kept.requests.push(new WeakRef(request));
  kept.stores.push(new WeakRef(store));
  context.run(store, () => setTimeout(() => response.end('done'), 1));
});

async function left(refs) {
  for (let i = 0; i < 6; i++) {
    global.gc();
    await pause(60);
  }
  return refs.filter((one) => one.deref() !== undefined).length;
}

function client(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.once('data', () => resolve(socket));
  });
}

server.listen(0, '127.0.0.1', async () => {
  const sockets = [];
  for (let i = 0; i < CLIENTS; i++) sockets.push(await client(server.address().port));
  const requests = await left(kept.requests);
  const resting = await left(kept.stores);
  for (const socket of sockets) socket.destroy();
  await pause(300);
  console.log(requests, resting, await left(kept.stores));
  process.exit(0);
});
JS
read -r requests resting closed <<< "$(timeout 60 node --expose-gc "$folder/hold.cjs" 600000)"
read -r _ untimed _ <<< "$(timeout 60 node --expose-gc "$folder/hold.cjs" 0)"
echo "Node.js $(node --version): kept by 200 connections at rest: $requests requests, $resting stores; $closed stores after they closed"
echo "without a timer: $untimed stores"
[ "$requests" -le 2 ] && [ "$resting" = 200 ] && [ "$closed" -le 2 ] && [ "$untimed" -le 2 ] || { echo 'changed'; exit 1; }
