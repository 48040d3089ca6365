import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Connects, and ignores whatever happens to the socket later. */
export async function connectRaw(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Sends bytes and collects the answer until the server has closed; then closes too. */
export async function provoke(port: number, bytes: Uint8Array | string): Promise<string> {
  const socket = await connectRaw(port);
  socket.write(bytes);
  return answerOf(socket);
}

/** All that still comes from the peer, as latin1 text, until it closes. */
export async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  if (!socket.readableEnded && !socket.closed) await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  socket.destroy();
  return answer;
}

/** A client's frame. `opcode` 1 text, 2 binary, 8 close, 9 ping; lengths below 126 or announced in 64 bits. */
export function frame(opcode: number, payload: Uint8Array, { masked = true, announced = payload.length } = {}): Buffer {
  const head = Buffer.alloc(announced < 126 ? 2 : 10);
  head[0] = 0x80 | opcode;
  head[1] = (masked ? 0x80 : 0) | (announced < 126 ? announced : 127);
  if (announced >= 126) head.writeBigUInt64BE(BigInt(announced), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** The status code in the close frame at the end of what a server sent. */
export const closeCodeIn = (answer: string): number => {
  const at = answer.indexOf('\x88');
  return Buffer.from(answer, 'latin1').readUInt16BE(at + 2);
};
