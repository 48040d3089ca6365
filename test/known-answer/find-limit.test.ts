/** The limit of a server that is known: it slows beyond so many connections, or takes so long for each. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FindLimit } from '../../core/schemas/find-limit.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { compiled } from '../support/compiled.ts';
import { connrig, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs epoll' : needs('gcc') };
const QUICK = ['--repeats', '1', '--hold', '1s'];

/**
 * A search against a server of its own.
 *
 * @param server what follows the port of `slows`: its limit, by how much it slows, how long it takes to admit one, in µs
 */
async function limitOf(t: TestContext, server: readonly number[], args: readonly string[]) {
  const folder = newFolder(t);
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const command = [compiled(t, 'known-answer/slows'), port, ...server].join(' ');
  const whole = ['find-limit', `tcp://127.0.0.1:${port}`, '--command', command, '--out', folder, ...QUICK, ...args];
  return {
    folder,
    async find(...more: string[]) {
      const ended = await connrig(t, [...whole, ...more], { deadlineMs: 390_000 });
      const text = readFileSync(join(folder, 'find-limit.json'), 'utf8');
      return { ...ended, search: FindLimit.parse(JSON.parse(text)) };
    },
  };
}

// They wait more than they work.
describe('a server of known limit', { concurrency: true }, () => {
  it(
    'answers at once up to 400 connections: within 5 % in 8 steps, by a guess three times too high',
    TIMEOUT,
    async (t) => {
      // Beyond it each answer takes 20 ms, so it falls behind by half of 100 a second.
      const { find, folder } = await limitOf(
        t,
        [400, 20_000, 0],
        ['--behaviour', 'echo:100/s:64B', '--slo', 'rtt.p50 < 250ms', '--from', '1200'],
      );
      const first = await find('--max-steps', '3');
      assert.equal(first.code, 7, first.stderr);
      assert.match(first.stdout, /^300 connections hold \(1 of 1\)\.$/m);
      assert.match(first.stdout, /^600 break: rtt\.p50 was .*, not < 250ms\.$/m);

      // What is known is not measured again.
      const { code, search, stdout, stderr } = await find('--max-steps', '8');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^going on with 3 steps$/m);
      assert.deepEqual(search.steps.slice(0, 3), first.search.steps);
      assert.equal(search.status, 'found');
      const { held, broke } = search.bracket;
      assert.ok(held && broke && held.at <= 400 && broke.at > 400, JSON.stringify(search.bracket));
      assert.ok(broke.at <= Math.ceil(held.at * 1.05) && !broke.isClient, JSON.stringify(search.bracket));
      assert.match(stdout, new RegExp(`^${held.at} connections hold \\(1 of 1\\); ${broke.at} break: rtt\\.p50 was `));
      assert.equal(stderr.match(/^step \d+: /gm)?.length, search.steps.length - 3);
      for (const file of ['find-limit.md', 'find-limit.html', 'step-01-1/run.json']) {
        assert.ok(existsSync(join(folder, file)), file);
      }

      const other = await find('--slo', 'failed < 1%');
      assert.equal(other.code, 2);
      assert.match(other.stderr, /holds a search for something else: connrig find-limit/);
    },
  );

  it('takes 20 ms to admit each, one after the other: fewer than 50 opens a second', TIMEOUT, async (t) => {
    const said = ['--send-on-open', 'hello', '--expect', 'hello'];
    const args = ['--of', 'opens', '--slo', 'open.p99 < 5s', '--from', '90', '--within', '20%'];
    const { find } = await limitOf(t, [100_000, 0, 20_000], [...said, ...args]);
    const { code, search, stderr } = await find();
    assert.equal(code, 0, stderr);
    const { held, broke } = search.bracket;
    // On a machine that is busy it takes longer for each, never less; a step of a second may end 0.1 s late.
    assert.ok(held && held.at <= 56, JSON.stringify(search.bracket));
    assert.ok(broke && broke.at > held.at && !broke.isClient, JSON.stringify(search.bracket));
    assert.match(broke.by, /^only \d+ of \d+ a second were opened$/);
  });

  it('takes 20 ms for each message: half of a second of 100 wait for longer than 250 ms', TIMEOUT, async (t) => {
    const args = ['--of', 'messages', '--connections', '10', '--slo', 'rtt.p50 < 250ms', '--from', '200'];
    const { find } = await limitOf(t, [1, 20_000, 0], [...args, '--within', '20%']);
    const { code, search, stderr } = await find();
    assert.equal(code, 0, stderr);
    const { held, broke } = search.bracket;
    assert.ok(held && held.at <= 110, JSON.stringify(search.bracket));
    assert.ok(broke && broke.at > held.at && !broke.isClient, JSON.stringify(search.bracket));
    assert.match(broke.by, /rtt\.p50 was \d/);
  });
});
