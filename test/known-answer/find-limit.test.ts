/** The limit of a server that is known: it slows beyond so many connections, or takes so long for each. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FindLimit } from '../../core/schemas/find-limit.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { compiled } from '../support/compiled.ts';
import { connrig, type Ended, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs epoll' : needs('gcc') };
const QUICK = ['--repeats', '1', '--hold', '1s'];

interface Found extends Ended {
  readonly search: FindLimit;
  readonly folder: string;
}

/** @param server what follows the port of `slows`: its limit, by how much it slows, how long it takes to admit one, in µs */
async function found(
  t: Parameters<typeof compiled>[0],
  server: readonly number[],
  args: readonly string[],
): Promise<Found> {
  const folder = newFolder(t);
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const command = [compiled(t, 'known-answer/slows'), port, ...server].join(' ');
  const ended = await connrig(
    t,
    ['find-limit', `tcp://127.0.0.1:${port}`, '--command', command, '--out', folder, ...args],
    { deadlineMs: 390_000 },
  );
  return { ...ended, folder, search: readSearchIn(folder) };
}

const readSearchIn = (folder: string): FindLimit =>
  FindLimit.parse(JSON.parse(readFileSync(join(folder, 'find-limit.json'), 'utf8')));

describe('a server that answers at once up to 400 connections', () => {
  it('is bracketed within 5 % in at most 8 steps, by a guess that is three times too high', TIMEOUT, async (t) => {
    // Beyond it each answer takes 50 ms, so a second has 20 of 200: the median waits for a good part of a second.
    const { code, search, stdout, stderr, folder } = await found(
      t,
      [400, 50_000, 0],
      ['--behaviour', 'echo:200/s:64B', '--slo', 'rtt.p50 < 250ms', '--from', '1200', '--max-steps', '8', ...QUICK],
    );
    assert.equal(code, 0, stderr);
    assert.equal(search.status, 'found');
    const { held, broke } = search.bracket;
    assert.ok(held && broke && held.at <= 400 && broke.at > 400, JSON.stringify(search.bracket));
    assert.ok(broke.at <= Math.ceil(held.at * 1.05), JSON.stringify(search.bracket));
    assert.equal(broke.isClient, false);
    assert.ok(search.steps.length <= 8);
    assert.match(stdout, new RegExp(`^${held.at} connections hold \\(1 of 1\\); ${broke.at} break: rtt\\.p50 was `));
    assert.equal(stderr.match(/^step \d+: /gm)?.length, search.steps.length);
    for (const file of ['find-limit.md', 'find-limit.html', 'step-01-1/run.json'])
      assert.ok(existsSync(join(folder, file)));

    // What is known is not measured again, and is told more closely by more steps.
    const again = ['find-limit', ...search.target.urls, '--command', search.target.name, '--out', folder];
    const closer = await connrig(t, [
      ...again,
      ...['--behaviour', 'echo:200/s:64B', '--slo', 'rtt.p50 < 250ms', '--within', '2%', ...QUICK],
    ]);
    assert.equal(closer.code, 0, closer.stderr);
    const later = readSearchIn(folder);
    assert.deepEqual(later.steps.slice(0, search.steps.length), search.steps);
    assert.ok(later.steps.length > search.steps.length);
    assert.ok(later.bracket.broke!.at <= Math.ceil(later.bracket.held!.at * 1.02), JSON.stringify(later.bracket));
    const other = await connrig(t, [...again, '--slo', 'failed < 1%', ...QUICK]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /holds a search for something else: connrig find-limit/);
  });
});

it('opens a second, of a server that takes 20 ms for each, one after the other: fewer than 50', TIMEOUT, async (t) => {
  const { code, search, stderr } = await found(
    t,
    [100_000, 0, 20_000],
    [
      '--send-on-open',
      'hello',
      '--expect',
      'hello',
      '--of',
      'opens',
      '--slo',
      'open.p99 < 5s',
      '--from',
      '100',
      ...QUICK,
    ],
  );
  assert.equal(code, 0, stderr);
  const { held, broke } = search.bracket;
  // On a machine that is busy it takes longer for each, never less.
  assert.ok(held && held.at <= 53, JSON.stringify(search.bracket));
  assert.ok(broke && broke.at > held.at && !broke.isClient, JSON.stringify(search.bracket));
  assert.match(broke.by, /^only \d+ of \d+ a second were opened$/);
});

it('messages a second, of a server that takes 20 ms for each: fewer than 50', TIMEOUT, async (t) => {
  const { code, search, stderr } = await found(
    t,
    [1, 20_000, 0],
    [
      '--of',
      'messages',
      '--connections',
      '10',
      '--slo',
      'rtt.p50 < 250ms',
      '--from',
      '200',
      '--within',
      '20%',
      ...QUICK,
    ],
  );
  assert.equal(code, 0, stderr);
  const { held, broke } = search.bracket;
  // Over a second of more than these half wait for longer than that.
  assert.ok(held && held.at <= 100, JSON.stringify(search.bracket));
  assert.ok(broke && broke.at > held.at && !broke.isClient, JSON.stringify(search.bracket));
  assert.match(broke.by, /rtt\.p50 was \d/);
});
