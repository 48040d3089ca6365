/** Event streams and polls of a whole fleet, on both engines, at real servers of node:http. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { countOf, quantileMs, toSparse } from '../core/stats/histogram.ts';
import { withFleet } from '../test/support/fleet.ts';
import { HOST } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';
import type { Endpoint } from './engines/engine.ts';
import { ENGINES } from './engines/index.ts';

const FAST = 1e6;
const TIMEOUT = { timeout: 300_000 };
const STREAM = { 'Content-Type': 'text/event-stream' };

async function withNode(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  body: (at: Endpoint) => Promise<void>,
): Promise<void> {
  const server = createServer({ keepAliveTimeout: 0 }, answer).listen({ host: HOST, port: 0, backlog: 1024 });
  await once(server, 'listening');
  try {
    await body({ ip: HOST, port: (server.address() as AddressInfo).port });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

for (const engine of ENGINES) {
  const layout = { engine, workers: 2 } as const;

  describe(`event streams on the ${engine} engine`, TIMEOUT, () => {
    for (const coding of ['chunked', 'to the end'] as const) {
      test(`${coding}: each of 200 hears each of 20 events, and is closed by FIN`, async () => {
        const streams = new Set<ServerResponse>();
        const accepted = new Set<string | undefined>();
        const begin = ({ headers }: IncomingMessage, response: ServerResponse): void => {
          accepted.add(headers.accept);
          response.useChunkedEncodingByDefault = coding === 'chunked';
          response.writeHead(200, STREAM).flushHeaders();
          streams.add(response.on('close', () => streams.delete(response)));
        };
        await withNode(begin, (at) =>
          withFleet('sse', [at], { layout }, async ({ fleet, until, troubles }) => {
            fleet.pursue(200, FAST);
            await until(({ open }) => open === 200, '200 are open');
            for (let nth = 0; nth < 20; nth++) {
              for (const response of streams) response.write(`: note\n\nid: ${nth}\ndata: ${nth}\n\n`);
              if (nth === 9) await eventually(() => gapsIn(fleet) === 200 * 9, 'the first half');
            }
            await eventually(() => gapsIn(fleet) === 200 * 19, 'all events, and no comment');
            fleet.pursue(0, FAST);
            const { closeReasons, messagesIn } = await until(
              ({ open, closing }) => open === 0 && closing === 0,
              'closed',
            );
            assert.equal(messagesIn, 200 * 20);
            await eventually(() => streams.size === 0, 'the server has none');
            assert.deepEqual([closeReasons['by-us'], [...accepted], troubles], [200, ['text/event-stream'], []]);
          }),
        );
      });
    }

    test('streams that the server ends are gone on with: by-peer, at once, with the last event id of each', async () => {
      const ids: string[] = [];
      let count = 0;
      const begin = ({ headers }: IncomingMessage, response: ServerResponse): void => {
        const last = headers['last-event-id'];
        response.writeHead(200, STREAM).flushHeaders();
        if (last !== undefined) ids.push(String(last));
        else response.end(`data: x\nid: stream-${count++}\n\n`);
      };
      await withNode(begin, (at) =>
        withFleet('sse', [at], { layout }, async ({ fleet, until, troubles }) => {
          fleet.pursue(40, FAST);
          // A stream that began without an id had one when it ended, so all of them are taken up in the end.
          const { closeReasons } = await until(
            ({ open, closing }) => open === 40 && closing === 0,
            'all are open again',
          );
          assert.equal(closeReasons['by-peer'], count);
          assert.ok(count >= 40);
          assert.deepEqual(
            ids.sort(),
            Array.from({ length: count }, (_, i) => `stream-${i}`)
              .sort()
              .slice(0, ids.length),
          );
          assert.equal(new Set(ids).size, 40);
          assert.deepEqual([...new Set(troubles.map(({ detail }) => detail))], ['the stream ended']);
        }),
      );
    });

    test('places stay empty for as long as the server says by retry, and no longer', async () => {
      const RETRY_MS = 700;
      const endedAtMs: number[] = [];
      const backAtMs: number[] = [];
      const begin = (_: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200, STREAM).flushHeaders();
        if (endedAtMs.length === 10) {
          backAtMs.push(performance.now());
          return;
        }
        endedAtMs.push(performance.now());
        response.end(`retry: ${RETRY_MS}\n\n`);
      };
      await withNode(begin, (at) =>
        withFleet('sse', [at], { layout: { engine } }, async ({ fleet, until }) => {
          fleet.pursue(10, FAST);
          const { closeReasons } = await until(({ open, closing }) => open === 10 && closing === 0, 'all are back');
          assert.equal(closeReasons['by-peer'], 10);
          for (const [i, backMs] of backAtMs.entries()) assert.ok(backMs - endedAtMs[i]! >= RETRY_MS, String(i));
        }),
      );
    });

    test('an ordinary page is no stream, and is told from one', () =>
      withNode(
        (_, response) => response.end('hello'),
        (at) =>
          withFleet('sse', [at], { layout: { engine } }, async ({ fleet, until, troubles }) => {
            fleet.pursue(1, FAST);
            const { outcomes } = await until(({ failed }) => failed > 0, 'failed');
            assert.ok(outcomes['bad-handshake'] > 0);
            assert.equal(
              troubles[0]?.detail,
              'HTTP 200 OK with no Content-Type, where an event stream has text/event-stream',
            );
          }),
      ));
  });

  describe(`polls on the ${engine} engine`, TIMEOUT, () => {
    const protocol = { name: 'http', path: '/', hostHeader: 'test', requestPath: '/poll' } as const;

    test('each connection has one request outstanding, asks again at once, and answers were held as long as they were', async () => {
      const HELD_MS = 300;
      const held: ServerResponse[] = [];
      const answer = ({ url }: IncomingMessage, response: ServerResponse): void => {
        if (url === '/poll') held.push(response);
        else response.end('hello');
      };
      const behaviour = { kind: 'poll', pauseMs: 0 } as const;
      await withNode(answer, (at) =>
        withFleet('http', [at], { layout, protocol, behaviour }, async ({ fleet, until, troubles }) => {
          fleet.pursue(50, FAST);
          fleet.setTalking(true);
          await until(({ open, pending }) => open === 50 && pending === 50, 'all ask');
          for (let round = 1; round <= 3; round++) {
            await eventually(() => held.length === 50, 'one each');
            const askedMs = performance.now();
            await until(() => performance.now() - askedMs >= HELD_MS, 'held');
            const statuses = [200, 204, 408];
            for (const [i, response] of held.splice(0).entries()) response.writeHead(statuses[i % 3]!).end();
            const { replies } = await until(
              ({ replies, pending }) => replies >= 50 * round && pending === 50,
              'answered',
            );
            assert.equal(replies, 50 * round);
          }
          const answers = toSparse(fleet.histogram('answerHeld'));
          assert.equal(countOf(answers), 150);
          assert.ok(quantileMs(answers, 0.01)! >= HELD_MS * 0.99, `${quantileMs(answers, 0.01)} ms`);
          assert.equal(countOf(toSparse(fleet.histogram('rttPlanned'))), 0);
          assert.deepEqual([fleet.tally().statuses['2xx'], fleet.tally().statuses['4xx'], troubles], [102, 48, []]);
        }),
      );
    });

    test('with a pause nobody asks before it is over', async () => {
      const PAUSE_MS = 400;
      const answeredAtMs = new Map<unknown, number>();
      const pauses: number[] = [];
      const answer = ({ url, socket }: IncomingMessage, response: ServerResponse): void => {
        const beforeMs = answeredAtMs.get(socket);
        if (url === '/poll' && beforeMs !== undefined) pauses.push(performance.now() - beforeMs);
        // Before it leaves: the client may have it while this thread waits for its turn.
        if (url === '/poll') answeredAtMs.set(socket, performance.now());
        response.end('news');
      };
      const behaviour = { kind: 'poll', pauseMs: PAUSE_MS } as const;
      await withNode(answer, (at) =>
        withFleet('http', [at], { layout, protocol, behaviour }, async ({ fleet, until }) => {
          fleet.pursue(20, FAST);
          fleet.setTalking(true);
          await until(({ replies }) => replies >= 60, 'three rounds');
          assert.ok(pauses.length >= 20);
          for (const pauseMs of pauses) assert.ok(pauseMs >= PAUSE_MS * 0.98, `${pauseMs} ms`);
        }),
      );
    });
  });
}

const gapsIn = (fleet: { histogram(name: 'eventGap'): Uint32Array }): number =>
  countOf(toSparse(fleet.histogram('eventGap')));
