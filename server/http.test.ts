import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CensusOfScheme } from '../core/schemas/admin.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { addsUp, type LocalServer, startLocal } from '../test/support/local-server.ts';
import { answerOf, connectRaw, provoke } from '../test/support/rude-peers.ts';
import { eventually } from '../test/support/wait.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const GREETING = 'Hello from connrig.\n';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly socket: Socket | null;
}

async function ask(agent: Agent, port: number, path: string, method = 'GET', body = ''): Promise<Answer> {
  const asked: ClientRequest = request({ host: '127.0.0.1', port, path, method, agent });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, body: text, socket: asked.socket };
}

describe('the reference server over http', () => {
  let local: LocalServer;
  before(async () => {
    local = await startLocal({ handshakeTimeoutMs: 1500, maxConnections: 50 });
  });
  after(() => local.server.close());
  const census = async (): Promise<CensusOfScheme> => (await local.census()).http;

  /** Runs `act`, and sees that exactly `count` closes more have exactly this reason, and that all adds up. */
  async function counted(reason: ServerCloseReason, count: number, act: () => Promise<unknown>): Promise<void> {
    const was = await census();
    await act();
    const now = await eventually(async () => {
      const seen = await census();
      assert.ok(addsUp(seen));
      return seen.accepted === was.accepted + count && seen.open + seen.handshaking === 0 && seen;
    }, `${count} accepted and gone`);
    assert.deepEqual(now.closed, { ...was.closed, [reason]: was.closed[reason] + count });
  }

  it('greets, on one connection that stays for as long as its peer likes', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await counted('by-peer', 1, async () => {
      const before = await census();
      const greeting = await ask(agent, local.ports.http, '/?any=query');
      assert.deepEqual([greeting.status, greeting.body], [200, GREETING]);
      const head = await ask(agent, local.ports.http, '/', 'HEAD');
      assert.deepEqual([head.status, head.body, head.socket], [200, '', greeting.socket]);
      const nowhere = await ask(agent, local.ports.http, '/nowhere');
      assert.deepEqual([nowhere.status, nowhere.body], [404, 'Not Found\n']);
      const posted = await ask(agent, local.ports.http, '/', 'POST', 'x'.repeat(100_000));
      assert.deepEqual([posted.status, posted.body], [405, 'Method Not Allowed\n']);
      const now = await census();
      assert.deepEqual([now.accepted - before.accepted, now.open, now.handshaking], [1, 1, 0]);
      assert.equal(now.bytesOut - before.bytesOut, GREETING.length + 'Not Found\nMethod Not Allowed\n'.length);
      // Longer than any of its deadlines.
      await delay(3000);
      assert.equal((await ask(agent, local.ports.http, '/')).socket, greeting.socket);
      agent.destroy();
    });
  });

  it('is open once a request was answered, and tells a reset from an orderly close', async () => {
    await counted('reset', 1, async () => {
      const socket = await connectRaw(local.ports.http);
      await eventually(async () => (await census()).handshaking === 1, 'accepted, not open');
      socket.write(GET + GET);
      await eventually(async () => (await census()).open === 1, 'open');
      socket.resetAndDestroy();
    });
    await counted('by-peer', 1, async () => {
      const socket = await connectRaw(local.ports.http);
      socket.end(GET);
      assert.match(await answerOf(socket), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nHello from connrig\.\n$/s);
    });
    await counted('by-peer', 1, async () => {
      const answer = await provoke(local.ports.http, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      assert.match(answer, /Connection: close/);
    });
  });

  it('answers what is no request, before the first and after it, and closes', async () => {
    const { http } = local.ports;
    await counted('bad-handshake', 3, async () => {
      assert.match(await provoke(http, 'not http at all\r\n\r\n'), /^HTTP\/1.1 400 /);
      assert.match(await provoke(http, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 405 /);
      assert.match(await provoke(http, GET.replace('Host', `X: ${'x'.repeat(40_000)}\r\nHost`)), /^HTTP\/1.1 431 /);
    });
    await counted('protocol-error', 1, async () => {
      assert.match(await provoke(http, `${GET}rubbish\r\n\r\n`), /^HTTP\/1.1 200 .*HTTP\/1.1 400 /s);
    });
    await counted('too-large', 1, async () => {
      const large = GET.replace('Host', `X: ${'x'.repeat(40_000)}\r\nHost`);
      assert.match(await provoke(http, `${GET}${large}`), /^HTTP\/1.1 200 .*HTTP\/1.1 431 /s);
    });
  });

  it('waits for a whole request for so long, first or later', async () => {
    await counted('handshake-timeout', 3, async () => {
      const answers = await Promise.all(
        ['', 'GET / HT', `${GET}GET / HT`].map((text) => provoke(local.ports.http, text)),
      );
      for (const answer of answers) assert.match(answer, /HTTP\/1.1 408 Request Timeout\r\n/);
    });
  });

  it('refuses what is over the limit with 503, and says goodbye to all at its end', async () => {
    const peers = await Promise.all(Array.from({ length: 50 }, () => connectRaw(local.ports.http)));
    for (const peer of peers) peer.write(GET);
    await eventually(async () => (await census()).open === 50, '50 are open');
    assert.match(await provoke(local.ports.http, GET), /^HTTP\/1.1 503 Service Unavailable\r\n.*Retry-After: \d+/s);
    assert.equal((await census()).closed['over-limit'], 1);
    const ends = Promise.all(peers.map(answerOf));
    const before = await census();
    await local.server.close();
    for (const answer of await ends) assert.match(answer, /Hello from connrig\.\n$/);
    assert.equal(before.closed.shutdown, 0);
  });
});
