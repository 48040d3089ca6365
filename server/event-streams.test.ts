import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { get as getSecured } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import type { CensusOfScheme } from '../core/schemas/admin.ts';
import { addsUp, type LocalServer, startLocal } from '../test/support/local-server.ts';
import { connectRaw } from '../test/support/rude-peers.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 180_000 };
const HOST = '127.0.0.1';

async function start(t: TestContext, overrides: Parameters<typeof startLocal>[0] = {}): Promise<LocalServer> {
  const local = await startLocal({ handshakeTimeoutMs: 1500, ...overrides });
  t.after(() => local.server.close());
  return local;
}

const answerTo = async (asked: ClientRequest): Promise<IncomingMessage> =>
  (await once(asked, 'response'))[0] as IncomingMessage;

async function untilCensus(
  local: LocalServer,
  scheme: 'sse' | 'sses' | 'http',
  isSo: (census: CensusOfScheme) => boolean,
): Promise<CensusOfScheme> {
  return eventually(async () => {
    const census = (await local.census())[scheme];
    assert.ok(addsUp(census));
    return isSo(census) && census;
  }, `a census of ${scheme}`);
}

describe('event streams of the reference server', TIMEOUT, () => {
  it('begin at any path, say nothing, are counted as open and end when their peer does', async (t) => {
    const local = await start(t);
    const asked = get({ host: HOST, port: local.ports.sse, path: '/any?x=1', agent: false });
    const response = await answerTo(asked);
    assert.deepEqual(
      [response.statusCode, response.headers['content-type'], response.headers['cache-control']],
      [200, 'text/event-stream', 'no-cache'],
    );
    await untilCensus(local, 'sse', ({ open, handshaking, bytesOut }) => open === 1 && handshaking + bytesOut === 0);
    asked.destroy();
    await untilCensus(local, 'sse', ({ open, closed }) => open === 0 && closed['by-peer'] === 1);
    const secured = getSecured({ host: HOST, port: local.ports.sses, rejectUnauthorized: false, agent: false });
    assert.equal((await answerTo(secured)).headers['content-type'], 'text/event-stream');
    await untilCensus(local, 'sses', ({ open }) => open === 1);
    secured.destroy();
  });

  it('with --event-every each gets events with ids that count upwards', async (t) => {
    const local = await start(t, { eventEveryMs: 50 });
    const streams = await Promise.all(
      Array.from({ length: 5 }, () => answerTo(get({ host: HOST, port: local.ports.sse, agent: false }))),
    );
    const heard = streams.map(() => '');
    for (const [i, stream] of streams.entries()) {
      stream.setEncoding('latin1').on('data', (text: string) => {
        heard[i] += text;
      });
    }
    await eventually(() => heard.every((text) => text.split('\n\n').length > 5), 'five events each');
    for (const stream of streams) stream.destroy();
    const ids = heard.map((text) => [...text.matchAll(/^id: (\d+)\ndata: \1\n\n/gm)].map(([, id]) => Number(id)));
    for (const own of ids)
      assert.deepEqual(
        own,
        [...new Set(own)].sort((a, b) => a - b),
      );
    // Each event is told to one of them.
    assert.equal(new Set(ids.flat()).size, ids.flat().length);
    const { bytesOut } = await untilCensus(local, 'sse', ({ open }) => open === 0);
    assert.ok(bytesOut >= heard.join('').length);
  });

  it('a peer that asks for something else is refused, and one that asks again on its stream gets no second', async (t) => {
    const local = await start(t);
    const posted = await answerTo(request({ host: HOST, port: local.ports.sse, method: 'POST', agent: false }).end());
    assert.equal(posted.statusCode, 405);
    posted.resume();
    await untilCensus(local, 'sse', ({ open, closed }) => open === 0 && closed['bad-handshake'] === 1);
    const socket = await connectRaw(local.ports.sse);
    let said = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text;
    });
    const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(`${GET}${GET}`);
    await untilCensus(local, 'sse', ({ open }) => open === 1);
    assert.equal(said.split('HTTP/1.1 200').length, 2);
    socket.destroy();
    await untilCensus(local, 'sse', ({ open }) => open === 0);
  });

  it('all are ended when the server stops', async (t) => {
    const local = await start(t);
    const stream = await answerTo(get({ host: HOST, port: local.ports.sse, agent: false }));
    const ended = once(
      stream.on('error', () => {}),
      'close',
    );
    stream.resume();
    await local.server.close();
    await ended;
  });
});

describe('polls of the reference server', TIMEOUT, () => {
  it('answers to /poll are held for as long as it was told, and are empty', async (t) => {
    const local = await start(t, { pollHoldMs: 400 });
    const begunMs = performance.now();
    const asked = Array.from({ length: 3 }, () =>
      get({ host: HOST, port: local.ports.http, path: '/poll', agent: false }),
    );
    await untilCensus(local, 'http', ({ open }) => open === 3);
    const answers = await Promise.all(asked.map(answerTo));
    assert.ok(performance.now() - begunMs >= 395);
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [204, 204, 204],
    );
    for (const answer of answers) answer.resume();
  });

  it('who leaves before the answer is forgotten', async (t) => {
    const local = await start(t, { pollHoldMs: 60_000 });
    const asked = get({ host: HOST, port: local.ports.http, path: '/poll', agent: false }).on('error', () => {});
    await untilCensus(local, 'http', ({ open }) => open === 1);
    asked.destroy();
    await untilCensus(local, 'http', ({ open, closed }) => open === 0 && closed['by-peer'] === 1);
  });
});
