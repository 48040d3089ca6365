/** A server that loses and doubles what it passes on, and counts that: a run against it must come to the same numbers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { sourceOf } from '../support/compiled.ts';
import { assertWentThrough, connrig, newFolder, readSamples } from '../support/connrig.ts';

const CONNECTIONS = 10_000;

/** What the server says of itself. */
type Counts = Record<'published' | 'sent' | 'lost' | 'doubled', number>;

test('of 10,000 connections, each delivery that is lost or comes twice is counted', { timeout: 300_000 }, async (t) => {
  const server = spawn(process.execPath, [sourceOf('known-answer/forgetful.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => server.kill('SIGKILL'));
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const at = `127.0.0.1:${String(said).trim()}`;
  const folder = newFolder(t);
  // What is missing is known once its deadline has passed.
  const published = ['--behaviour', 'broadcast:1/s:256B:20s', '--talk', '3s'];
  const args = ['run', `ws://${at}/`, '--pid', String(server.pid), '--connections', String(CONNECTIONS)];
  const more = ['--levels', '1', '--rate', '5k/s', '--settle-timeout', '0s', '--quiet', '--out', folder];
  const ended = await connrig(t, [...args, ...published, ...more]);
  if (ended.code !== 7) assertWentThrough(ended);
  const counts = (await (await fetch(`http://${at}/counts`)).json()) as Counts;
  const [stretch, ...others] = readSamples(folder).filter((sample) => sample.type === 'broadcast');
  assert.ok(stretch && others.length === 0);
  const { messages, expected, reached, missing, duplicates, disordered } = stretch;
  assert.ok(messages >= 3, `${messages} messages`);
  assert.deepEqual(
    { published: messages, expected, missing, duplicates, disordered, received: reached + duplicates },
    {
      published: counts.published,
      expected: messages * (CONNECTIONS - 1),
      missing: counts.lost,
      duplicates: counts.doubled,
      disordered: 0,
      received: counts.sent,
    },
  );
  assert.equal(missing, Math.floor(expected / 1000));
});
