import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** One round trip: when its message was due (by `performance.now()`), and how long from then until the answer. */
export interface RoundTrip {
  readonly dueAtMs: number;
  readonly rttMs: number;
}

const PAYLOAD = Buffer.alloc(64, 'x');

/**
 * An independent look at round trips: one connection of the `ws` library, its own clock, a message whenever one is due,
 * whether the last one is answered or not. (Waiting for answers would leave out the messages that a stall holds up.)
 *
 * @returns all round trips until `end` has come
 */
export async function echoUntil(url: string, perSecond: number, end: Promise<unknown>): Promise<RoundTrip[]> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  const due: number[] = [];
  const trips: RoundTrip[] = [];
  // One connection keeps its messages in order.
  socket.on('message', () => {
    const dueAtMs = due.shift()!;
    trips.push({ dueAtMs, rttMs: performance.now() - dueAtMs });
  });
  let isOver = false;
  void end.finally(() => {
    isOver = true;
  });
  const begunMs = performance.now();
  for (let sent = 0; !isOver; ) {
    for (; begunMs + (sent / perSecond) * 1000 <= performance.now(); sent++) {
      due.push(begunMs + (sent / perSecond) * 1000);
      socket.send(PAYLOAD);
    }
    await delay(1);
  }
  socket.terminate();
  return trips;
}
