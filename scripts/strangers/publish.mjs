// node scripts/strangers/publish.mjs mqtt|redis PORT BYTES PER_SECOND: publishes `news` from when somebody listens there until nobody does.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const [kind, port, bytes, perSecond] = process.argv.slice(2);
const TURNS_PER_SECOND = 20;
const topic = Buffer.from('\0\x04news');
const payload = Buffer.alloc(Number(bytes), 'x');

const WORDS = {
  redis: {
    hello: '',
    message: Buffer.concat([
      Buffer.from(`*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$${bytes}\r\n`),
      payload,
      Buffer.from('\r\n'),
    ]),
  },
  // CONNECT with a clean session and no keep-alive; PUBLISH of QoS 0.
  mqtt: {
    hello: Buffer.from('\x10\x0f\0\x04MQTT\x04\x02\0\0\0\x03pub', 'latin1'),
    message: Buffer.concat([Buffer.from([0x30, ...lengthOf(topic.length + payload.length)]), topic, payload]),
  },
};

const { hello, message } = WORDS[kind];
const socket = await untilConnected();
socket.on('close', () => process.exit(0)).resume();
socket.write(hello);
let due = 0;
setInterval(() => {
  for (due += Number(perSecond) / TURNS_PER_SECOND; due >= 1; due--) socket.write(message);
}, 1000 / TURNS_PER_SECOND);

/** As MQTT writes a length: seven bits in each byte, the lowest first. */
function lengthOf(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...lengthOf(value >> 7)];
}

async function untilConnected() {
  for (;;) {
    const socket = connect(Number(port), '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket.on('error', () => {});
    } catch {
      await delay(100);
    }
  }
}
