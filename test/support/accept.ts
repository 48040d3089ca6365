import { createHash } from 'node:crypto';

/** The accept value that belongs to the key of an upgrade request. @param twist makes it another one */
export function acceptOf(request: string, twist = ''): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11${twist}`).digest('base64');
}
