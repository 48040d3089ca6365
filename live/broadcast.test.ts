import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { messagesIn } from '../test/support/events.ts';
import { eventually } from '../test/support/wait.ts';
import { Broadcast, type Source } from './broadcast.ts';
import type { ServerView } from './view.ts';
import { applyChange } from './view.ts';

const point = (elapsedMs: number) => ({
  elapsedMs,
  launch: 0,
  leg: 0,
  open: 0,
  opening: 0,
  opened: 0,
  failed: 0,
  closed: 0,
  targetBytes: null,
});

/** A view of which a moment is added whenever somebody says so. */
class Growing implements Source {
  watchedLog: boolean[] = [];
  asked = 0;
  #view: ServerView = { kind: 'server', memory: null, time: [], top: null };
  #told = 0;

  grow(moments = 1): void {
    const added = Array.from({ length: moments }, (_, i) => point(this.#view.time.length + i));
    this.#view = { ...this.#view, time: [...this.#view.time, ...added] };
  }
  view(): ServerView {
    return this.#view;
  }
  changes() {
    this.asked += 1;
    const append = this.#view.time.slice(this.#told);
    this.#told = this.#view.time.length;
    return append.length === 0 ? undefined : { set: {}, append };
  }
  watched(isWatched: boolean): void {
    this.watchedLog.push(isWatched);
  }
}

/** A stream, and what its reader has seen so far. */
function reader() {
  const stream = new PassThrough({ highWaterMark: 2 ** 24 });
  let text = '';
  stream.on('data', (piece) => {
    text += piece;
  });
  const view = (): unknown => {
    const [first, ...rest] = messagesIn(text);
    assert.equal(first?.name, 'snapshot');
    return rest.reduce((seen, { name, data }) => {
      if (name === 'snapshot') return data.view;
      return name === 'delta' ? applyChange(seen, data) : seen;
    }, first!.data.view);
  };
  return { stream, view, messages: () => messagesIn(text), names: () => messagesIn(text).map(({ name }) => name) };
}

const manual = { everyMs: 1e8, beatMs: 1e8 };

test('who joins is sent the whole, and from then on what changes', async () => {
  const source = new Growing();
  source.grow(2);
  const broadcast = new Broadcast(source, manual);
  const [early, late] = [reader(), reader()];
  broadcast.join(early.stream);
  source.grow();
  broadcast.update();
  broadcast.join(late.stream);
  source.grow(2);
  broadcast.update();
  broadcast.update();
  await eventually(() => late.names().length === 1, 'the late one has the whole');
  assert.deepEqual(early.names(), ['snapshot', 'delta', 'delta']);
  assert.deepEqual(
    early.messages().map(({ data }) => data.seq),
    [1, 2, 3],
  );
  assert.deepEqual(early.view(), source.view());
  assert.deepEqual(late.view(), source.view());
  broadcast.close();
});

test('who takes nothing is kept one message, and the whole later; the others notice nothing', async () => {
  const source = new Growing();
  source.grow(100);
  const broadcast = new Broadcast(source, manual);
  const prompt = reader();
  let written = '';
  let take = (): void => {};
  const stuck = new Writable({
    highWaterMark: 1024,
    write(piece, _, done) {
      written += piece;
      take = done;
    },
  });
  broadcast.join(stuck);
  broadcast.join(prompt.stream);
  const whole = (): number => JSON.stringify(source.view()).length;
  for (let i = 0; i < 500; i++) {
    source.grow();
    broadcast.update();
    assert.ok(stuck.writableLength < whole() + 100, `${stuck.writableLength} bytes wait`);
  }
  assert.equal(messagesIn(written).length, 1);
  await eventually(() => prompt.names().length === 500, 'the other one has all');
  assert.deepEqual(prompt.view(), source.view());
  take();
  source.grow();
  broadcast.update();
  await eventually(() => messagesIn(written).length === 2, 'it is told again');
  assert.deepEqual(messagesIn(written).at(-1)?.data.view, source.view());
  broadcast.close();
});

test('an update is made once for all', () => {
  const source = new Growing();
  const broadcast = new Broadcast(source, manual);
  for (let i = 0; i < 50; i++) broadcast.join(reader().stream);
  const before = source.asked;
  source.grow();
  broadcast.update();
  assert.equal(source.asked, before + 1);
  broadcast.close();
});

test('a sign of life where nothing changes; nothing at all while nobody looks', async () => {
  const source = new Growing();
  const broadcast = new Broadcast(source, { everyMs: 5, beatMs: 20 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(source.asked, 0);
  const { stream, names } = reader();
  broadcast.join(stream);
  await eventually(() => names().includes('beat'), 'a beat');
  assert.deepEqual([...new Set(names())], ['snapshot', 'beat']);
  stream.destroy();
  await eventually(() => broadcast.watchers === 0, 'it is gone');
  assert.deepEqual(source.watchedLog, [true, false]);
  const { asked } = source;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(source.asked, asked);
});
