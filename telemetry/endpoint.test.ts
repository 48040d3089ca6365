import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { RigError } from '../core/values/errors.ts';
import { makeSecured, startPages } from '../test/support/endpoint.ts';
import { eventually } from '../test/support/wait.ts';
import type { Route } from './answer.ts';
import { type EndpointOptions, startEndpoint } from './endpoint.ts';

const TIMEOUT = { timeout: 60_000 };
const TOKEN = 'a-token-of-this-test';

/** One after the other within each, both of them at a time: what takes long is waiting. */
describe('an endpoint', { concurrency: 2 }, () => {
  for (const scheme of ['http', 'https'] as const) {
    describe(`of ${scheme}`, { concurrency: 1 }, () => {
      const secured = scheme === 'https' ? makeSecured() : undefined;
      const start = (t: TestContext, options: Partial<EndpointOptions> = {}) => startPages(t, options, secured);

      test('pages, and clear words about what is none', TIMEOUT, async (t) => {
        const { endpoint, ask } = await start(t);
        assert.equal(endpoint.url, `${scheme}://127.0.0.1:${endpoint.port}`);
        const page = await ask('/page?n=5');
        assert.deepEqual([page.status, page.text], [200, '{"n":"5"}\n']);
        assert.equal(page.headers['content-type'], 'application/json');
        assert.equal(page.headers['cache-control'], 'no-store');
        assert.equal(page.headers['x-content-type-options'], 'nosniff');
        assert.equal(page.headers['access-control-allow-origin'], undefined);
        assert.deepEqual([(await ask('/page', {}, 'HEAD')).status, (await ask('/page', {}, 'HEAD')).text], [200, '']);
        const lost = await ask('/else');
        assert.deepEqual([lost.status, lost.text.split(';')[0]], [404, 'there is no /else here']);
        const stranger = await ask('/page?m=1');
        assert.deepEqual([stranger.status, stranger.text], [400, 'unknown parameter m; known: n\n']);
        assert.deepEqual(await ask('/broken').then(({ status, text }) => [status, text]), [500, 'no such luck\n']);
      });

      test('every rule of the guard holds over the wire', TIMEOUT, async (t) => {
        const { ask } = await start(t, { access: { token: TOKEN, names: ['rig.example'] } });
        const authorization = `Bearer ${TOKEN}`;
        assert.equal((await ask('/page', { authorization })).status, 200);
        assert.equal((await ask('/page', { authorization, host: 'rig.example' })).status, 200);
        const unknown = await ask('/page');
        assert.deepEqual([unknown.status, unknown.headers['www-authenticate']], [401, 'Bearer, Basic realm="connrig"']);
        assert.equal((await ask('/else')).status, 401, 'nor is told which pages there are');
        assert.equal((await ask('/page', { authorization, host: 'evil.example' })).status, 403);
        const post = await ask('/page', { authorization }, 'POST', 'x=1');
        assert.deepEqual([post.status, post.headers['allow']], [405, 'GET, HEAD']);
        const body = await ask('/page', { authorization, 'content-length': '3' }, 'GET', 'x=1');
        assert.deepEqual([body.status, body.headers['connection']], [413, 'close']);
      });

      test('requests that are too large get no page', TIMEOUT, async (t) => {
        const { ask, dial } = await start(t);
        assert.equal((await ask('/page', { cookie: 'x'.repeat(20_000) })).status, 431);
        assert.equal((await ask(`/page?n=${'x'.repeat(20_000)}`)).status, 431);
        // A body is not waited for, however long it says it is.
        const { socket, told } = await dial();
        socket.write('GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000000\r\n\r\n');
        assert.match(await told, /^HTTP\/1\.1 413 /);
        const rubbish = await dial();
        rubbish.socket.write('what is this\r\n\r\n');
        assert.match(await rubbish.told, /^HTTP\/1\.1 400 /);
        const nameless = await dial();
        nameless.socket.write('GET /page HTTP/1.0\r\n\r\n');
        assert.match(await nameless.told, /^HTTP\/1\.1 403 /);
      });

      test('too many requests are refused, and soon no more', TIMEOUT, async (t) => {
        const { ask } = await start(t, { limits: { rate: { perSecond: 5, burst: 10 } } });
        const statuses = await Promise.all(Array.from({ length: 20 }, () => ask('/page').then(({ status }) => status)));
        const answered = statuses.filter((status) => status === 200).length;
        assert.ok(answered >= 10 && answered < 20, `${answered} of 20`);
        assert.equal(statuses.filter((status) => status === 429).length, 20 - answered);
        await eventually(async () => (await ask('/page')).status === 200, 'a page again');
      });

      test('who says nothing, or a byte at a time, is dropped in time', TIMEOUT, async (t) => {
        const { dial } = await start(t, { limits: { requestMs: 400 } });
        const [silent, slow] = [await dial(), await dial()];
        slow.socket.write('GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n');
        const drip = setInterval(() => slow.socket.write('x: y\r\n'), 50);
        t.after(() => clearInterval(drip));
        assert.match(await slow.told, /^HTTP\/1\.1 408 /);
        assert.match(await silent.told, /^(HTTP\/1\.1 408 |$)/);
      });

      test('connections that wait for nothing give way to who asks', TIMEOUT, async (t) => {
        const { ask, dial, dialSlow, finishSlow } = await start(t, { limits: { connections: 4, requestMs: 30_000 } });
        const busy = await dialSlow();
        const crowd = [];
        for (let i = 0; i < 12; i++) {
          const one = await dial();
          one.socket.write('GET /page HTTP/1.1\r\nHos');
          crowd.push(one);
          // Many more than there is room for, and a page is to be had at any time.
          assert.equal((await ask('/page')).status, 200);
        }
        const dropped = Promise.all(crowd.slice(0, 8).map(({ told }) => told));
        assert.deepEqual(await dropped, Array(8).fill(''));
        finishSlow();
        assert.match(await busy.told, /^HTTP\/1\.1 200 [\s\S]*"done"\n$/, 'who is being answered keeps its place');
      });

      test('who is being answered gives way to nobody', TIMEOUT, async (t) => {
        const { dial, dialSlow, finishSlow } = await start(t, { limits: { connections: 1 } });
        const busy = await dialSlow();
        assert.equal(await (await dial()).told, '');
        finishSlow();
        assert.match(await busy.told, /^HTTP\/1\.1 200 /);
      });

      test('who asks and does not read loses its place', TIMEOUT, async (t) => {
        const { ask, open } = await start(t, { limits: { connections: 1, stalledMs: 300 } });
        const socket = await open();
        socket.write('GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
        await once(socket, 'readable');
        const statusOrNone = (): Promise<number | undefined> =>
          ask('/page').then(
            ({ status }) => status,
            () => undefined,
          );
        assert.equal(await statusOrNone(), undefined, 'it has the only place');
        await eventually(async () => (await statusOrNone()) === 200, 'the place is free again');
      });

      test('a stream goes on until its peer is gone, or takes nothing any more', TIMEOUT, async (t) => {
        const gone: string[] = [];
        const streamed = (name: string, piece: string): [string, Route] => [
          `/${name}`,
          async () => ({
            status: 200,
            type: 'text/event-stream',
            stream(to) {
              to.write('data: first\n\n');
              const timer = setInterval(() => to.write(piece), 20);
              to.once('close', () => {
                clearInterval(timer);
                gone.push(name);
              });
            },
          }),
        ];
        const routes = new Map([
          streamed('read', 'data: more\n\n'),
          streamed('left', `data: ${'x'.repeat(2 ** 20)}\n\n`),
        ]);
        const { dial, ask } = await start(t, { routes, limits: { stalledMs: 500 } });
        assert.equal((await ask('/read', {}, 'HEAD')).text, '');

        const reader = await dial();
        reader.socket.write('GET /read HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
        const stalled = await dial();
        stalled.socket.write('GET /left HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
        await once(stalled.socket, 'data');
        stalled.socket.pause();
        await eventually(() => gone.length > 0, 'the one that takes nothing is dropped');
        assert.deepEqual(gone, ['left'], 'the other goes on for longer than it may stall');
        reader.socket.destroy();
        await eventually(() => gone.includes('read'), 'who leaves is told to the stream');
        assert.match(await reader.told, /text\/event-stream[\s\S]*data: first[\s\S]*data: more/);
      });

      test('closing ends everything, what is being answered included', TIMEOUT, async (t) => {
        const { endpoint, dial, dialSlow } = await start(t);
        const [idle, busy] = [await dial(), await dialSlow()];
        await endpoint.close();
        assert.deepEqual(await Promise.all([idle.told, busy.told]), ['', '']);
      });
    });
  }
});

test('where it cannot listen, the reason', TIMEOUT, async (t) => {
  const { endpoint } = await startPages(t);
  const refused = (host: string, port: number, why: RegExp) =>
    assert.rejects(
      startEndpoint({ host, port, access: { token: 'x', names: [] }, routes: new Map() }),
      (error) => error instanceof RigError && error.code === 'ELISTEN' && why.test(error.message),
    );
  await refused('127.0.0.1', endpoint.port, /is taken/);
  await refused('198.51.100.7', 0, /198\.51\.100\.7 is not an address of this machine/);
});
