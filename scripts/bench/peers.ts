import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Opens one raw connection and upgrades it to WebSocket; no frame is read or sent. */
export function openWs(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.write(upgradeRequest());
    let head = '';
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.removeListener('data', onData);
      socket.removeListener('error', reject);
      socket.on('error', () => {});
      if (head.startsWith('HTTP/1.1 101 ')) resolve(socket);
      else reject(new Error(`refused: ${head.split('\r\n', 1)[0]}`));
    };
    socket.on('data', onData);
  });
}

/** Opens `count` of them, `window` at a time. */
export async function openManyWs(port: number, count: number, window = 50): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Math.min(window, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => openWs(port)))));
  }
  return sockets;
}

export const upgradeRequest = (headers: Readonly<Record<string, string>> = {}): string =>
  [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');
