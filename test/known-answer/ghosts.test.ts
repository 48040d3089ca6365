/** Connections that only their client has: no level is read with them, nothing is said of their cost, and the error says why. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { ErrorCode } from '../../core/values/errors.ts';
import { compiled } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, connrig, HASTY, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';
import { carriedOut, type KnownRun, started } from './targets.ts';

const PATIENCE = ['--open-timeout', '3s'];
const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };

const planOf = (levels: readonly number[]): string[] =>
  levels.length === 1 ? ['--connections', String(levels[0]), '--levels', '1'] : ['--levels', levels.join()];

/** @param words as ghosts.c explains */
function runOn(
  t: TestContext,
  words: string,
  levels: readonly number[],
  ...args: readonly string[]
): Promise<KnownRun> {
  const program = compiled(t, 'known-answer/ghosts');
  const commandAt = (port: number): string => `exec ${program} ${port} 0 ${words}`;
  return carriedOut(t, '--command', commandAt, [...planOf(levels), ...HASTY, ...PATIENCE, ...args]);
}

/** @param whole levels before those that weren't */
function assertLacks({ ended, summary }: KnownRun, code: ErrorCode, sentence: RegExp, whole: readonly number[]): void {
  assertFailed(ended, 4, code, sentence);
  assert.deepEqual([summary.status, summary.exitCode, summary.error?.code], ['failed', 4, code]);
  const [leg] = summary.legs;
  assert.deepEqual(
    leg!.levels.map(({ open, established }) => [open, established]),
    whole.map((level) => [level, level]),
  );
  if (whole.length > 0) return;
  assert.deepEqual([leg!.perConnection, leg!.fit, leg!.burst], [null, null, null]);
  assert.deepEqual([summary.capacity, summary.forecast, summary.sizing], [[], [], null]);
}

describe('of many connections', () => {
  const levels = [300, 600, 900, 1500];

  it('to a backlog of 5 and a server that accepts slowly', TIMEOUT, async (t) => {
    const outcome = await runOn(t, 'backlog=5 every=20', [300]);
    assertLacks(outcome, 'EBACKLOG', /has \d[\d,]* of [\d,]+ connections, .*: its accept queue, of 5, overflowed/, []);
  });

  it('to a listener with deferred accept: silent ones never come, those that speak do', TIMEOUT, async (t) => {
    const silent = await runOn(t, 'defer=60', levels);
    assertLacks(silent, 'EDEFERRED', /has none of \d+ connections, .*\(TCP_DEFER_ACCEPT\) — --send-on-open/, []);
    const { ended, summary } = await runOn(t, 'defer=60', levels, '--send-on-open', 'PING\\r\\n');
    assertWentThrough(ended);
    const [leg] = summary.legs;
    assert.deepEqual(
      leg!.levels.map(({ open, established }) => [open, established]),
      levels.map((level) => [level, level]),
    );
  });

  it('to a server out of descriptors: the levels before that stay', TIMEOUT, async (t) => {
    const outcome = await runOn(t, 'files=1200', levels);
    const sentence = /has [\d,]+ of [\d,]+ connections, .*: all of its open files are taken — /;
    assertLacks(outcome, 'ETARGETFULL', sentence, levels.slice(0, -1));
    assert.ok(outcome.summary.legs[0]!.perConnection!.user !== null);
  });
});

it('connections of others, which the server has, do not stand in for ours', TIMEOUT, async (t) => {
  const port = await unusedPort();
  const pid = await started(t, `exec ${compiled(t, 'known-answer/ghosts')} ${port} 0 defer=60`);
  for (let i = 0; i < 50; i++) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.write('here');
  }
  const target = ['run', `tcp://127.0.0.1:${port}`, '--pid', String(pid)];
  const ended = await connrig(t, [
    ...target,
    '--levels',
    '40',
    ...HASTY,
    ...PATIENCE,
    '--quiet',
    '--out',
    newFolder(t),
  ]);
  assertFailed(ended, 4, 'EDEFERRED', /has none of \d+ connections/);
});

it('a heartbeat is something to say, also while the server is warmed up', TIMEOUT, async (t) => {
  const { ended, summary } = await runOn(t, 'defer=60', [100, 200], '--behaviour', 'heartbeat:1s');
  assertWentThrough(ended);
  assert.deepEqual(
    summary.legs[0]!.levels.map(({ open, established }) => [open, established]),
    [
      [100, 100],
      [200, 200],
    ],
  );
});
