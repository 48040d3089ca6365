import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import { json, sentence } from './answer.ts';
import { startEndpoint } from './endpoint.ts';
import { inTurns, type TurnLimits } from './page-turns.ts';

const TIMEOUT = { timeout: 60_000 };
/** Enough for everything these tests do, however slow the machine is. */
const NO_BOUND: TurnLimits = { share: 1, burstMs: 1e9, waitMs: 1e9 };

/** An endpoint with one page, which is made when the test says so. */
async function start(t: TestContext, limits: Partial<TurnLimits> = NO_BOUND, token?: string) {
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const page = inTurns((query) => {
    asked.push(query.get('n') ?? '');
    return new Promise((resolve, reject) => {
      answers.push(() => (query.get('n') === 'bad' ? reject(new Error('no such luck')) : resolve(json(asked.length))));
    });
  }, limits);
  let arrived = 0;
  const endpoint = await startEndpoint({
    host: '127.0.0.1',
    port: 0,
    access: { token, names: [] },
    routes: new Map([
      [
        '/page',
        (query, asker) => {
          arrived++;
          return page(query, asker);
        },
      ],
      ['/still-there', async () => sentence(200, 'yes')],
    ]),
  });
  t.after(() => endpoint.close());
  const headers = `Host: 127.0.0.1\r\n${token === undefined ? '' : `Authorization: Bearer ${token}\r\n`}`;
  /** Asks so many times in one go, and gathers what it is told. */
  const ask = async (path: string, times = 1): Promise<{ socket: Socket; told: () => string }> => {
    const socket = connect(endpoint.port, '127.0.0.1');
    t.after(() => socket.destroy());
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    await once(socket, 'connect');
    socket.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n`.repeat(times));
    return { socket, told: () => text };
  };
  /** Answers what is asked now, and whatever comes after it. */
  const answerAll = (): void => {
    for (const answer of answers.splice(0)) answer();
  };
  return { endpoint, ask, asked, answerAll, arrived: () => arrived };
}

const statusesIn = (text: string): string[] => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status!);

test('a burst of the same question is answered by one page, to all who stayed', TIMEOUT, async (t) => {
  const { ask, asked, answerAll, arrived } = await start(t);
  const askers = await Promise.all(Array.from({ length: 25 }, () => ask('/page', 8)));
  await eventually(() => arrived() === 200, 'all have asked');
  for (const { socket } of askers.slice(0, 15)) socket.destroy();
  assert.equal(asked.length, 1);
  answerAll();
  for (const { told } of askers.slice(15)) await eventually(() => statusesIn(told()).length === 8, 'its 8 answers');
  assert.deepEqual(new Set(askers.slice(15).flatMap(({ told }) => statusesIn(told()))), new Set(['200']));
  assert.equal(asked.length, 1);
});

test('nothing is made for who has left before the turn', TIMEOUT, async (t) => {
  const { ask, asked, answerAll, arrived } = await start(t);
  const first = await ask('/page?n=first');
  await eventually(() => arrived() === 1, 'the first is under way');
  const left = await Promise.all([1, 2, 3].map((n) => ask(`/page?n=${n}`)));
  const both = [await ask('/page?n=shared'), await ask('/page?n=shared')];
  await eventually(() => arrived() === 6, 'all have asked');
  assert.deepEqual(asked, ['first'], 'one at a time');
  for (const { socket } of [...left, both[0]!]) socket.destroy();
  // Whatever is answered now was said after their goodbye.
  const after = await ask('/still-there');
  await eventually(() => after.told().includes('yes'), 'the endpoint heard of it');
  answerAll();
  await eventually(() => asked.length === 2, 'the next turn');
  answerAll();
  await eventually(() => statusesIn(both[1]!.told()).length === 1, 'who stayed is answered');
  assert.deepEqual(asked, ['first', 'shared']);
  assert.deepEqual(statusesIn(first.told()), ['200']);
});

test('a page that fails says so to all who asked, and the next is made', TIMEOUT, async (t) => {
  const { ask, answerAll, arrived } = await start(t);
  const [one, two] = [await ask('/page?n=bad'), await ask('/page?n=bad')];
  await eventually(() => arrived() === 2, 'both have asked');
  answerAll();
  await eventually(() => [one, two].every(({ told }) => told().includes('no such luck')), 'both are told');
  const next = await ask('/page');
  await eventually(() => arrived() === 3, 'the next has asked');
  answerAll();
  await eventually(() => statusesIn(next.told())[0] === '200', 'the next page');
});

test('with its share of the time used up a page is refused, but not to who knows the token', TIMEOUT, async (t) => {
  // Whatever it takes is too much, for longer than anybody may wait.
  const spent = { share: 1e-9, burstMs: 0, waitMs: 1000 };
  for (const token of [undefined, 'a-token-of-this-test']) {
    const { ask, asked, answerAll, arrived } = await start(t, spent, token);
    const first = await ask('/page?n=1');
    await eventually(() => arrived() === 1, 'the first is under way');
    answerAll();
    await eventually(() => statusesIn(first.told()).length === 1, 'its answer');
    const second = await ask('/page?n=2');
    await eventually(() => arrived() === 2, 'the second has asked');
    if (token !== undefined) {
      await eventually(() => asked.length === 2, 'the second is made');
      answerAll();
    }
    await eventually(() => statusesIn(second.told()).length === 1, 'the second answer');
    assert.deepEqual([statusesIn(second.told()), asked], token ? [['200'], ['1', '2']] : [['503'], ['1']]);
    if (!token)
      assert.match(second.told(), /Retry-After: [1-9]\d*\r\n[\s\S]*this page may take .* ask again in \d+ s\n$/);
  }
});

test('within the wait that is bearable it has its turn later', TIMEOUT, async (t) => {
  const { ask, asked, answerAll } = await start(t, { share: 0.5, burstMs: 0, waitMs: 1e9 });
  for (let n = 1; n <= 3; n++) {
    const { told } = await ask(`/page?n=${n}`);
    await eventually(() => asked.length === n, 'its turn');
    answerAll();
    await eventually(() => statusesIn(told())[0] === '200', 'its answer');
  }
});
