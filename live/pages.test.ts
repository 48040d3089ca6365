import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { messagesIn } from '../test/support/events.ts';
import { climb, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import { eventually } from '../test/support/wait.ts';
import { LIVE_LIMITS, livePages } from './pages.ts';
import { LIVE_PATHS } from './paths.ts';
import { RunFeed } from './run-feed.ts';
import { applyChange, type View } from './view.ts';

const TIMEOUT = { timeout: 120_000 };

async function start(t: TestContext) {
  const feed = new RunFeed();
  const { routes, broadcast } = livePages(feed);
  /** The server's ends of all streams of events, in their order. */
  const streams: Writable[] = [];
  const join = broadcast.join.bind(broadcast);
  broadcast.join = (to) => {
    streams.push(to);
    join(to);
  };
  const access = { token: undefined, names: [] };
  const endpoint = await startEndpoint({ host: '127.0.0.1', port: 0, access, routes, limits: LIVE_LIMITS });
  t.after(() => endpoint.close());
  const get = async (path: string): Promise<{ asking: ClientRequest; response: IncomingMessage }> => {
    const asking = request(`${endpoint.url}${path}`, { agent: false });
    t.after(() => asking.destroy());
    asking.on('error', () => {});
    asking.end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    return { asking, response };
  };
  return { feed, broadcast, streams, get };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response) text += piece;
  return text;
}

/** What somebody sees who reads a stream of events, as the page would. */
async function watch(get: (path: string) => Promise<{ response: IncomingMessage }>) {
  const { response } = await get('/events');
  const told = { snapshots: 0, messages: 0 };
  let view: View | undefined;
  let rest = '';
  response.setEncoding('utf8').on('data', (piece: string) => {
    rest += piece;
    for (const { name, data } of messagesIn(rest)) {
      if (name === 'beat') continue;
      told.messages += 1;
      if (name === 'snapshot') told.snapshots += 1;
      view = name === 'snapshot' ? data.view : applyChange(view!, data);
    }
    rest = rest.slice(rest.lastIndexOf('\n\n') + 2);
  });
  return { response, told, view: () => view };
}

const isSame = (one: { view(): View | undefined }, feed: RunFeed): boolean =>
  JSON.stringify(one.view()) === JSON.stringify(feed.view());

test('two hundred who look see all of it', TIMEOUT, async (t) => {
  const { feed, broadcast, get } = await start(t);
  feed.runFile(runFile({ status: 'running', exitCode: null }));
  const watchers = await Promise.all(Array.from({ length: 200 }, () => watch(get)));
  assert.equal(broadcast.watchers, 200);
  for (const [round, sample] of climb(5000).entries()) {
    feed.sample({ ...sample, elapsedMs: round * 100 });
    feed.sample(tick(500, progressOf(round).counts, { elapsedMs: round * 100 + 50 }));
    broadcast.update();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const watcher of watchers) {
    await eventually(() => isSame(watcher, feed), 'each of them has all', 60_000);
    assert.ok(watcher.told.messages > 1);
  }
});

test('who stalls for a while is told no more than fits, and sees the end like the others', TIMEOUT, async (t) => {
  const { feed, broadcast, streams, get } = await start(t);
  feed.runFile(runFile({ status: 'running', exitCode: null }));
  const [prompt, staller] = [await watch(get), await watch(get)];
  const [toPrompt, toStaller] = streams as [Writable, Writable];
  await eventually(() => staller.told.snapshots === 1, 'the whole');
  staller.response.pause();
  let told = 0;
  const tell = (): void => {
    const phase = { launch: 0, leg: 0, protocol: 'ws', phase: 'hold' } as const;
    for (let i = 0; i < 300; i++) feed.event({ type: 'phase', elapsedMs: told++, level: told, ...phase });
    broadcast.update();
  };
  // Until the sockets of both ends are full, however much they hold here, and for a while after that.
  const untilMs = performance.now() + 90_000;
  for (let refused = 0; refused < 20; ) {
    assert.ok(performance.now() < untilMs, 'its sockets are full');
    tell();
    do await immediate();
    while (toPrompt.writableNeedDrain);
    refused = toStaller.writableNeedDrain ? refused + 1 : 0;
  }
  await eventually(() => isSame(prompt, feed), 'the other one notices nothing');
  staller.response.resume();
  await eventually(
    () => {
      tell();
      return staller.told.snapshots > 1;
    },
    'it begins anew',
    60_000,
  );
  await eventually(() => isSame(staller, feed) && isSame(prompt, feed), 'and sees the same', 60_000);
  assert.equal(prompt.told.snapshots, 1);
  assert.ok(staller.told.messages < prompt.told.messages, 'what it missed was never sent');
});

test('every part of the page is there, and none may bring in anything from elsewhere', TIMEOUT, async (t) => {
  const { feed, get } = await start(t);
  for (const path of LIVE_PATHS.filter((one) => one !== '/events')) {
    const { response } = await get(path);
    assert.equal(response.statusCode, 200, path);
    const text = await textOf(response);
    assert.ok(text.length > 100 || path === '/state.json', path);
    if (path === '/state.json') assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(feed.view())));
    else assert.match(String(response.headers['content-security-policy']), /^default-src 'none'; script-src 'self'; /);
    const addresses = [...text.matchAll(/\b(?:src|href)="([^"]*)"|url\(([^)#]+)\)/g)].map(([, one, two]) => one ?? two);
    if (path !== '/echarts.js')
      assert.deepEqual(
        addresses.filter((one) => /\/\//.test(one!)),
        [],
        path,
      );
  }
  const { response } = await get('/?x=1');
  assert.equal(response.statusCode, 400);
});
