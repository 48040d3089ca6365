import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpService, MakeHttpService } from './http-service.ts';
import type { RoomPlace, Told } from './rooms.ts';

/** Between two rounds of a part of them. */
const TURN_MS = 20;
/** Behind so much that a peer hasn't taken it is told of no event: its next one comes when it has read. */
const MOST_WAITING_BYTES = 65_536;
/** After a pause of the process what was missed isn't made up for beyond this. */
const MOST_BEHIND_MS = 1000;

/**
 * Event streams at any path: silent, or with an event on each every so often. Then one timer goes round all of them at an
 * even pace. An event has an id, which counts upwards over all streams of the process.
 */
export const createEventStreams: MakeHttpService = ({ eventEveryMs, rooms }, said): HttpService => {
  const streams = new Map<Socket, ServerResponse>();
  /** Where streams at `/rooms/NAME` are. */
  const places = new Map<Socket, RoomPlace>();
  let round = streams.entries();
  let dueCount = 0;
  let lastId = 0;
  let seenMs = performance.now();
  const timer = eventEveryMs === undefined ? undefined : setInterval(() => tell(eventEveryMs), TURN_MS);
  timer?.unref();

  function tell(everyMs: number): void {
    const nowMs = performance.now();
    dueCount += (Math.min(MOST_BEHIND_MS, nowMs - seenMs) * streams.size) / everyMs;
    seenMs = nowMs;
    for (; dueCount >= 1 && streams.size > 0; dueCount--) {
      let next = round.next();
      if (next.done) {
        round = streams.entries();
        next = round.next();
      }
      tellOne(...next.value!);
    }
  }

  function tellOne(socket: Socket, response: ServerResponse): void {
    if (socket.writableLength > MOST_WAITING_BYTES) return;
    lastId += 1;
    const event = `id: ${lastId}\ndata: ${lastId}\n\n`;
    response.write(event);
    said(socket, event.length);
  }

  /** What is said in its room is an event without an id; one chunk does for all. */
  function tellRoom(socket: Socket, response: ServerResponse, told: Told): void {
    const bytes = told.chunk();
    // A client of HTTP/1.0 has no chunks.
    if (response.chunkedEncoding) socket.write(bytes);
    else response.write(bytes.subarray(bytes.indexOf('\n') + 1, -2));
    said(socket, told.data.length);
  }

  return {
    answer({ method, socket, url }, response) {
      if (method !== 'GET') return undefined;
      // One that asks again on a connection whose stream goes on is never answered.
      if (streams.has(socket)) return 0;
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).flushHeaders();
      streams.set(socket, response);
      const place = rooms.joinBy(url, (told) => tellRoom(socket, response, told));
      if (place) places.set(socket, place);
      return 0;
    },
    forget: (socket) => {
      streams.delete(socket);
      places.get(socket)?.leave();
      places.delete(socket);
    },
    stop() {
      clearInterval(timer);
      for (const response of streams.values()) response.end();
    },
  };
};
