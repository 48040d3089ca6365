/**
 * Tells each second what a Redis took and gave, but for what it is asked here: `node redis-bytes-process.js <ip> <port>`. Lines of JSON on
 * stdout: [moment in ms, bytes in, bytes out].
 */
import { connect } from 'node:net';

const EVERY_MS = 1000;
const ASK = 'INFO stats\r\n';

const [, , ip = '', port = ''] = process.argv;
const socket = connect(Number(port), ip).setEncoding('latin1');
let [own, asked, answer] = [0, 0, ''];
const ask = (): void => {
  asked += ASK.length;
  answer = '';
  socket.write(ASK);
};
socket.on('connect', ask).on('data', (text: string) => {
  answer += text;
  const [head = '', length = ''] = /^\$(\d+)\r\n/.exec(answer) ?? [];
  if (head === '' || answer.length < head.length + Number(length) + 2) return;
  const bytes = (name: string): number => Number(new RegExp(`total_net_${name}_bytes:(\\d+)`).exec(answer)?.[1]);
  const atMs = performance.timeOrigin + performance.now();
  // The answer is counted once it has been sent.
  process.stdout.write(`${JSON.stringify([atMs, bytes('input') - asked, bytes('output') - own])}\n`);
  own += answer.length;
  setTimeout(ask, EVERY_MS);
});
