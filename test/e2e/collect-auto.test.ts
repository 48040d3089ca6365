/** A Node.js server that nobody prepared: its garbage is collected all the same, and it is left as it was. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { whereItListens } from '../../client/preflight/listeners.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { EXIT } from '../../core/values/errors.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  ONE_LEVEL,
  readEvents,
  readSamples,
} from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const HELD_BYTES = 8192;
/** It holds a buffer for each connection, and makes a hundred times as much garbage with it. */
const server = (more: string): string =>
  `${more}const s=require('net').createServer((c)=>{c.held=Buffer.allocUnsafeSlow(${HELD_BYTES}).fill(1);for(let i=0;i<100;i++)c.last=new Array(1000).fill(i);c.last=0;c.on('error',()=>{});c.resume();});s.listen(0,'127.0.0.1',4096,()=>console.log(s.address().port))`;

async function started(t: { after(done: () => void): void }, more = ''): Promise<{ pid: number; url: string }> {
  const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', '-e', server(more)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  return { pid: child.pid!, url: `tcp://127.0.0.1:${String(port).trim()}` };
}

const SMALL = ['--levels', '300,600,900', ...HASTY, '--json'] as const;

describe('--collect auto', () => {
  it(
    'reads a server at rest, within the scatter of few levels of what it holds, and ends its inspector',
    TIMEOUT,
    async (t) => {
      const { pid, url } = await started(t);
      const before = await whereItListens(pid);
      let folder = newFolder(t);
      const measure = () =>
        connrig(t, ['run', url, '--pid', String(pid), '--collect', 'auto', ...SMALL, '--out', folder]);
      let ended = await measure();
      // On a busy machine three levels may not lie on a line.
      for (let tries = 1; tries < 4 && ended.code === EXIT.inconclusive; tries++) {
        folder = newFolder(t);
        ended = await measure();
      }
      assertWentThrough(ended);
      const [leg] = Summary.parse(JSON.parse(ended.stdout)).legs;
      const { components, user } = leg!.perConnection!;
      assert.ok(Math.abs(components.external! - HELD_BYTES) < 0.1 * HELD_BYTES, JSON.stringify(components));
      // Garbage would be 800 KB. What is held lies in what malloc had free, and counts all the same.
      assert.ok(user!.bytes > HELD_BYTES && user!.bytes < 2 * HELD_BYTES, JSON.stringify(user));
      const holds = readSamples(folder).filter((sample) => sample.type === 'memory' && sample.phase === 'hold');
      assert.equal(holds.length, 3);
      for (const hold of holds) assert.equal(hold.type === 'memory' && hold.readings.runtime?.collected, true);
      for (const deadline = performance.now() + 20_000; ; await delay(20)) {
        const now = await whereItListens(pid);
        if (JSON.stringify(now) === JSON.stringify(before)) break;
        assert.ok(performance.now() < deadline, `it listens at ${JSON.stringify(now)}`);
      }
    },
  );

  it('is said to be there where a process was named, and nothing was asked', TIMEOUT, async (t) => {
    const { pid, url } = await started(t);
    const folder = newFolder(t);
    assertWentThrough(await connrigHere(['run', url, '--pid', String(pid), ...ONE_LEVEL, '--out', folder]));
    const warnings = readEvents(folder).flatMap((event) => (event.type === 'warning' ? [event] : []));
    const [told] = warnings.filter(({ code }) => code === 'WGARBAGE');
    assert.match(told!.text, /^the target is Node\.js, and its garbage counts as cost; .* — --collect auto/);
    const { target } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
    assert.equal(target.runtime, 'node');
  });

  it('says which process stays uncollected, and why; without a process it is refused', TIMEOUT, async (t) => {
    const { pid, url } = await started(t, "process.on('SIGUSR1',()=>{});");
    const folder = newFolder(t);
    const ended = await connrig(t, ['run', url, '--pid', String(pid), '--collect', 'auto', ...SMALL, '--out', folder]);
    assertWentThrough(ended);
    const warnings = readEvents(folder).flatMap((event) => (event.type === 'warning' ? [event.text] : []));
    assert.ok(
      warnings.some((text) =>
        text.startsWith(`the garbage of process ${pid} can't be collected: no inspector came up`),
      ),
      warnings.join('\n'),
    );
    const refused = await connrig(t, ['run', url, '--collect', 'auto', '--out', newFolder(t)]);
    assertFailed(refused, 2, 'EUSAGE', /--collect auto: .*name it with --pid/);
  });
});
