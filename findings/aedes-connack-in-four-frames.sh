#!/usr/bin/env bash
# aedes sends an MQTT CONNACK over WebSocket byte by byte, in four frames. Over TCP it comes in one piece.
#
# Versions:  aedes 1.2.0, mqtt-packet 9.0.2 and ws 8.23.0 (npm), Node.js 20 or newer. The server is the one of aedes' docs (Examples).
# Behaviour: A client of MQTT 3.1.1 connects, subscribes to a topic, publishes five bytes to it and asks for a ping. mqtt-packet writes
#            each field of an answer by itself, between cork and uncork. A TCP socket then writes them together. The stream that ws
#            makes of a WebSocket has no such write of several pieces, so each field is a frame, and each a small write to the socket.
#            That is allowed: receivers must not take frames for packets (MQTT 3.1.1, section 6, MQTT-6.0.0-2).
# Seen:      frames by WebSocket, parted by |: CONNACK 20|02|00|00, SUBACK 90|03|0001|00, PUBLISH 30|08|0001|74|0102030405; PINGRESP
#            d000 in one. Over TCP each comes in one piece (Linux 6.18, Node.js 20.20.2).
# Matters:   A reader that takes each frame for a packet finds a CONNACK of one byte. Who counts frames as messages counts four or five
#            times as many, and a server pays for as many frames.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" aedes@1.2.0 mqtt-packet@9.0.2 ws@8.23.0 > /dev/null
cat > measure.mjs <<'JS'
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';

const PACKETS = [
  [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x61], // CONNECT, clean session, keep-alive of 60 s, client id `a`
  [0x82, 6, 0, 1, 0, 1, 0x74, 0], // SUBSCRIBE to `t`
  [0x30, 8, 0, 1, 0x74, 1, 2, 3, 4, 5], // PUBLISH to `t`
  [0xc0, 0], // PINGREQ
].map((bytes) => Buffer.from(bytes));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const listen = (server) => new Promise((up) => server.listen(0, '127.0.0.1', () => up(server.address().port)));

/** What is sent back for each packet: its pieces, as they came. */
async function ask(send, pieces) {
  const answers = [];
  for (const packet of PACKETS) {
    send(packet);
    await pause(500);
    answers.push(pieces.splice(0).join('|'));
  }
  return answers.join(' ');
}

const broker = await Aedes.createBroker();
const http = createHttpServer();
new WebSocketServer({ server: http }).on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request));
const [tcpPort, wsPort] = [await listen(createServer(broker.handle)), await listen(http)];
const pieces = [];
const note = (bytes) => pieces.push(bytes.toString('hex'));

const tcp = connect(tcpPort, '127.0.0.1').on('data', note);
console.log(await ask((packet) => tcp.write(packet), pieces));
tcp.destroy();
const socket = new WebSocket(`ws://127.0.0.1:${wsPort}/`, 'mqtt').on('message', note);
await new Promise((resolve) => socket.once('open', resolve));
console.log(await ask((packet) => socket.send(packet), pieces));
process.exit();
JS
{ read -r tcp; read -r ws; } < <(timeout 60 node measure.mjs)
printf 'over TCP:       %s\nover WebSocket: %s\n' "$tcp" "$ws"
[ "$tcp" = '20020000 9003000100 30080001740102030405 d000' ] || { echo 'changed: expected each packet in one piece over TCP'; exit 1; }
[ "$ws" = '20|02|00|00 90|03|0001|00 30|08|0001|74|0102030405 d000' ] || { echo 'changed: expected a frame for each field'; exit 1; }
