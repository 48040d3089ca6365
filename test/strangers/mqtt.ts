import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';

/**
 * MQTT 3.1.1, a clean session without keep-alive and without a client id: the broker gives each connection one of its
 * own. http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
 */
export const CONNECT = packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 0x02, 0, 0]), text('')]));

/** What the broker publishes on a topic, first value that passes; asked over one connection more. */
export function listenToTopic(port: number, topic: string, isIt: (value: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const values: string[] = [];
    const timer = setTimeout(() => finish(new Error(`${topic} was only ever ${values.join(', ')}`)), 30_000);
    const finish = (ended: string | Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (typeof ended === 'string') resolve(ended);
      else reject(ended);
    };
    let bytes = Buffer.alloc(0);
    socket.on('error', finish).on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (let next = valueIn(bytes); next; next = valueIn(bytes)) {
        bytes = bytes.subarray(next.length);
        if (next.value === undefined) continue;
        values.push(next.value);
        if (isIt(next.value)) finish(next.value);
      }
    });
    socket.write(CONNECT);
    socket.write(packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(topic), Buffer.from([0])])));
  });
}

/**
 * What the broker publishes on topics, over one connection more that goes with the test.
 *
 * @returns the newest value of each, once every one has come
 */
export async function followTopics(
  t: TestContext,
  port: number,
  topics: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const newest = new Map<string, string>();
  let bytes = Buffer.alloc(0);
  const complete = new AbortController();
  socket
    .on('error', () => {})
    .on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (let next = valueIn(bytes); next; next = valueIn(bytes)) {
        bytes = bytes.subarray(next.length);
        if (next.value !== undefined) newest.set(next.topic!, next.value);
      }
      if (topics.every((topic) => newest.has(topic))) complete.abort();
    });
  socket.write(CONNECT);
  const filters = topics.flatMap((topic) => [text(topic), Buffer.from([0])]);
  socket.write(packet(0x82, Buffer.concat([Buffer.from([0, 1]), ...filters])));
  const patience = AbortSignal.any([complete.signal, AbortSignal.timeout(30_000)]);
  await once(socket, 'close', { signal: patience }).catch(() => {});
  if (!complete.signal.aborted) throw new Error(`the broker published ${[...newest.keys()].join(', ')} alone`);
  return newest;
}

/** The first packet, once it is whole; with a value when it is one that publishes (QoS 0). All of ours are short. */
function valueIn(bytes: Buffer): { length: number; topic?: string; value: string | undefined } | undefined {
  const length = 2 + (bytes[1] ?? Number.POSITIVE_INFINITY);
  if (bytes.length < length) return undefined;
  if (bytes[0]! >> 4 !== 3) return { length, value: undefined };
  const end = 4 + bytes.readUInt16BE(2);
  return { length, topic: bytes.toString('utf8', 4, end), value: bytes.toString('utf8', end, length) };
}

function packet(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, body.length]), body]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
}
