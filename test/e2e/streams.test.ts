/** `--protocol sse` and `--behaviour poll`, from the command line to the summary. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { ENGINES } from '../../fleet/engines/index.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  reportOn,
} from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };
const HOST = '127.0.0.1';
const STREAM = { 'Content-Type': 'text/event-stream' };

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${HOST}:${(server.address() as AddressInfo).port}`;
}

describe('event streams', () => {
  it('of the built-in server, plain and over TLS: what is open there is what is open here', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    assertWentThrough(await connrig(t, ['run', '--protocol', 'sse,sses', ...ONE_LEVEL, '--quiet', '--out', folder]));
    const { legs } = await reportOn(t, folder);
    assert.deepEqual(
      legs.map(({ name, protocol, transport, levels }) => [
        name,
        protocol,
        transport,
        levels[0]!.open,
        levels[0]!.censusOpen,
      ]),
      [
        ['sse', 'sse', 'plain', 20, 20],
        ['sses', 'sse', 'tls', 20, 20],
      ],
    );
  });

  for (const engine of ENGINES) {
    it(
      `at a URL of http, on the ${engine} engine: each event counts once, comments don't, and gaps are timed`,
      TIMEOUT,
      async (t) => {
        const EVENTS = 12;
        const streams = new Set<ServerResponse>();
        let hasTold = false;
        const server = createServer((_, response) => {
          response.writeHead(200, STREAM).write('retry: 1000\n\n');
          streams.add(response.on('close', () => streams.delete(response)));
          // There are fewer while connections warm up; and all come at once again at the end.
          if (streams.size < 20 || hasTold) return;
          hasTold = true;
          for (let nth = 0; nth < EVENTS; nth++) {
            for (const one of streams) one.write(`: note\n\ndata: ${nth}\n\n`);
          }
        });
        const at = await listening(t, server);
        const folder = newFolder(t);
        const run = await connrig(t, [
          ...['run', '--protocol', 'sse', `http://${at}/events?token=hidden`, '--engine', engine, ...ONE_LEVEL],
          ...['--rest', '500ms', '--out', folder],
        ]);
        assertWentThrough(run);
        const [leg] = (await reportOn(t, folder)).legs;
        assert.deepEqual([leg!.name, leg!.peakOpen, leg!.losses], ['sse', 20, null]);
        assert.deepEqual([leg!.received!.messages, leg!.eventGap!.count], [20 * EVENTS, 20 * (EVENTS - 1)]);
        assert.equal(leg!.answerHeld, null);
        const recorded = readRunJson(folder);
        assert.equal(recorded.plan.legs[0]!.url, `sse://${at}/events?token=***`);
        assert.match(run.stdout, /time between events, p50 \/ p99 \/ max/);
      },
    );
  }

  it(
    'what answers something else ends the run in a sentence; a stream asked for as a page says what to write',
    TIMEOUT,
    async (t) => {
      const server = createServer(({ url }, response) => {
        if (url === '/events') response.writeHead(200, STREAM).flushHeaders();
        else response.end('hello');
      });
      const at = await listening(t, server);
      const page = ['run', '--protocol', 'sse', `http://${at}/`, ...ONE_LEVEL, '--out', newFolder(t)];
      const isNone =
        /the answer is no event stream \(HTTP 200 OK with no Content-Type, where an event stream has text\/event-stream\)/;
      assertFailed(await connrig(t, page), 4, 'EHANDSHAKE', isNone);
      const stream = ['run', `http://${at}/events`, ...ONE_LEVEL, '--open-timeout', '500ms', '--out', newFolder(t)];
      const ended = await connrig(t, stream);
      assertFailed(ended, 4, 'ETIMEDOUT', /which begins an event stream/);
      assert.match(ended.stderr, new RegExp(`— connrig run sse://${at}/events`));
    },
  );

  it('is for URLs of http alone, and has nothing to send', TIMEOUT, async () => {
    const refused: ReadonlyArray<[args: string[], sentence: RegExp]> = [
      [['--protocol', 'sse', 'ws://h:1'], /ws:\/\/h:1 names its protocol already; event streams are at http:\/\//],
      [['--protocol', 'sses', 'http://h:1'], /http:\/\/h:1 is plain; write https:\/\/h:1, or --protocol sse/],
      [['--protocol', 'http', 'http://h:1'], /--protocol: the URLs name the protocols already/],
      [['--protocol', 'sse', 'http://h:1', 'sse://h:1'], /sse:\/\/h:1: it is there twice/],
      [['--protocol', 'sse', '--behaviour', 'heartbeat:1s'], /sse connections have nothing to send once they are open/],
      [['--protocol', 'sse', '--behaviour', 'poll'], /sse connections have no requests; give an http:\/\/ URL/],
      [['--protocol', 'ws', '--behaviour', 'poll'], /ws connections have no requests/],
    ];
    for (const [args, sentence] of refused) assertFailed(await connrigHere(['run', ...args]), 2, 'EUSAGE', sentence);
  });
});

describe('polls', () => {
  it(
    'of the built-in server: each connection always waits, and answers are timed as held, not as latency',
    TIMEOUT,
    async (t) => {
      const folder = newFolder(t);
      const server = createServer(({ url }, response) => {
        if (url === '/poll') setTimeout(() => response.writeHead(204).end(), 200);
        else response.end('hello');
      });
      const at = await listening(t, server);
      const args = ['run', `http://${at}/`, '--behaviour', 'poll:/poll', '--rest', '1s', ...ONE_LEVEL, '--out', folder];
      const ended = await connrig(t, args);
      assertWentThrough(ended);
      const [leg] = (await reportOn(t, folder)).legs;
      assert.equal(leg!.rtt, null);
      const { count, p50Ms } = leg!.answerHeld!;
      assert.ok(count >= 20 && p50Ms >= 199, `${count} answers, ${p50Ms} ms`);
      assert.match(ended.stdout, /answers to polls were held, p50 \/ p99 \/ max/);
    },
  );
});
