import { closeSync, openSync, readSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { systemCodeOf } from './meter.ts';

interface Lists {
  readonly tcp: string;
  readonly tcp6: string;
}

/** The kernel hands out about a page at a time; listeners come first. */
const READ_BYTES = 1 << 14;
const LISTEN = '0A';
/** Any address, and any IPv6 one, which takes IPv4 connections as well. */
const ANY = /^0+$/;

/**
 * Connections that are established, as far as clients can tell, but that no process has accepted yet. Listening sockets
 * come first in the kernel's lists, so this takes a moment, however many connections there are.
 *
 * @param ip where the target listens, or any address of its machine
 * @returns null where the kernel doesn't tell
 */
export async function readAcceptQueue(
  ip: string,
  ports: readonly number[],
  { tcp, tcp6 }: Lists = { tcp: '/proc/net/tcp', tcp6: '/proc/net/tcp6' },
): Promise<number | null> {
  const texts = [listenersOf(tcp), listenersOf(tcp6)];
  if (texts.every((text) => text === undefined)) return null;
  const isOurs = (address: string): boolean =>
    ANY.test(address) || (isIPv4(ip) ? address.endsWith(hexOf(ip)) : address.length > 8);
  let waiting = 0;
  for (const line of texts.join('\n').split('\n')) {
    // `sl: LOCAL:PORT REMOTE:PORT ST TX_QUEUE:RX_QUEUE …`, hexadecimal; of a listener RX_QUEUE counts connections.
    const [, local = '', , state, queues = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTEN || !ports.includes(Number.parseInt(port, 16)) || !isOurs(address)) continue;
    waiting += Number.parseInt(queues.split(':')[1] ?? '0', 16);
  }
  return waiting;
}

/** As the kernel prints an IPv4 address, in the byte order of nearly every machine there is. */
const hexOf = (ip: string): string =>
  ip
    .split('.')
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
    .join('');

/** The lines of a list up to the first one that is no listener; undefined when there is no such list. */
function listenersOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let text = '';
    for (;;) {
      const bytesRead = readSync(file, buffer);
      text += buffer.toString('latin1', 0, bytesRead);
      const whole = text.split('\n').slice(1, -1);
      if (bytesRead === 0 || whole.some((line) => line.trim().split(/\s+/)[3] !== LISTEN)) return text;
    }
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
