/** Targets in Node.js that are told to collect, and asked for their heap, through their inspector. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  foldedLegs,
  HASTY,
  newFolder,
  readSamples,
  reportOn,
} from '../support/connrig.ts';
import { holdingServer, startInspectedNode } from '../support/inspected-node.ts';
import { unusedPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 180_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const HELD_BYTES = 8192;
const LEVELS = ['--connections', '1500', '--levels', '6', '--rate', '10k/s'];
const FEW = ['--levels', '50,100,150', ...HASTY];

const memoryPoints = (folder: string): MemoryPoint[] =>
  readSamples(folder).flatMap((sample) => (sample.type === 'memory' ? [sample] : []));

async function startServer(t: TestContext, onConnection = '') {
  const node = await startInspectedNode(t, holdingServer(HELD_BYTES, onConnection));
  return { node, url: `tcp://127.0.0.1:${await node.hear()}` };
}

describe('a run with --inspect', () => {
  it('of a process has its heap in the ledger, and the levels before and after a collection', TIMEOUT, async (t) => {
    const { node, url } = await startServer(t);
    const folder = newFolder(t);
    const args = ['run', url, '--pid', String(node.pid), '--inspect', node.address, ...LEVELS, '--out', folder];
    assertWentThrough(await connrig(t, args));
    const { warnings } = await reportOn(t, folder);
    const { perConnection, burst } = foldedLegs(folder)[0]!;
    const { unexplained: _, ...parts } = perConnection!.components;
    const { heapUsed, external } = parts;
    assert.ok(Math.abs(external! / HELD_BYTES - 1) < 0.01, `external ${external}`);
    assert.ok(heapUsed! > 500 && heapUsed! < 3000, `heap used ${heapUsed}`);
    const sum = Object.values(parts).reduce((all: number, one) => all + (one ?? 0), 0);
    const whole = (perConnection!.total ?? perConnection!.user)!.bytes;
    assert.ok(Math.abs(sum - whole) < 1, `${sum} is not ${whole}`);
    assert.equal(burst?.open, 1500);
    assert.deepEqual(
      warnings.filter((text) => /collection|runtime/.test(text)),
      [],
    );
    for (const { phase, readings, unforced } of memoryPoints(folder).filter(({ phase }) => phase !== 'burst')) {
      assert.deepEqual([readings.runtime?.collected, unforced?.runtime?.collected], [true, false], phase);
      assert.equal(readings.runtime!.processes[0]!.pid, node.pid);
    }
    const garbageBytes = memoryPoints(folder)
      .filter(({ phase }) => phase === 'hold')
      .map(({ readings, unforced }) => heapOf(unforced!) - heapOf(readings));
    // Not at each of them: V8 collects by itself, too.
    assert.ok(garbageBytes.reduce((sum, bytes) => sum + bytes, 0) > 0, `there was garbage: ${garbageBytes}`);
    assert.equal(node.stderr().match(/Debugger attached/g)?.length, 1, 'it connected once');
  });

  it('starts the server with its inspector, anew for each launch', TIMEOUT, async (t) => {
    const [port, inspector] = [await unusedPort(), `127.0.0.1:${await unusedPort()}`];
    const folder = newFolder(t);
    const command = `PORT=${port} exec ${process.execPath} --inspect=${inspector} -e "${holdingServer(HELD_BYTES)}"`;
    const args = ['run', `tcp://127.0.0.1:${port}`, '--command', command, '--inspect', inspector, '--launches', '2'];
    const two = ['--levels', '50,100', ...HASTY];
    assertWentThrough(await connrig(t, [...args, ...two, '--out', folder]));
    const points = memoryPoints(folder).filter(({ phase }) => phase === 'hold');
    assert.deepEqual(
      points.map(({ launch, level }) => [launch, level]),
      [0, 1].flatMap((launch) => [50, 100].map((level) => [launch, level])),
    );
    for (const { readings } of points) {
      assert.equal(readings.runtime?.collected, true);
      assert.deepEqual(
        readings.runtime.processes.map(({ pid }) => pid),
        readings.target!.pids,
      );
    }
    assert.equal(new Set(points.map(({ readings }) => readings.target!.pids[0])).size, 2);
    const log = readFileSync(join(folder, 'target.log'), 'utf8');
    assert.equal(log.match(/Debugger attached/g)?.length, 2);
    assert.doesNotMatch(log, /Waiting for the debugger/, 'nobody is kept from ending');
  });

  it('that loses the inspector half way goes on without it, and says so', TIMEOUT, async (t) => {
    // The warm-up's connections count among them.
    const { node, url } = await startServer(t, "if(s.seen=(s.seen??0)+1,s.seen===235)require('inspector').close()");
    const folder = newFolder(t);
    const args = ['run', url, '--pid', String(node.pid), '--inspect', node.address, ...FEW, '--out', folder];
    assertWentThrough(await connrig(t, args));
    const { legs, warnings } = await reportOn(t, folder);
    const points = memoryPoints(folder);
    const collected = points.map(({ readings }) => readings.runtime?.collected ?? null);
    assert.equal(collected[0], true);
    assert.equal(collected.at(-1), null);
    for (const { readings, unforced } of points) assert.equal(unforced === null, readings.runtime === null);
    for (const { bytes } of legs[0]!.levels) assert.ok(bytes.user! > 5e6);
    const { perConnection } = foldedLegs(folder)[0]!;
    assert.equal(perConnection!.components.heapUsed ?? null, null);
    assert.ok(perConnection!.user !== null);
    const text = warnings.join('\n');
    assert.match(
      text,
      /^runtime could not be read: 127\.0\.0\.1:\d+: the inspector closed the connection; its heap is/m,
    );
    assert.match(text, /^tcp: no collection could be forced at .*150 open connections: garbage counts/m);
  });

  it('does not keep a server from ending, and sees that it did', TIMEOUT, async (t) => {
    const { node, url } = await startServer(t, 'if(s.seen=(s.seen??0)+1,s.seen===235)process.exit(7)');
    const folder = newFolder(t);
    const args = ['run', url, '--pid', String(node.pid), '--inspect', node.address, ...FEW, '--out', folder];
    assertFailed(await connrig(t, args), 4, 'ETARGETDIED', /is gone/);
    assert.equal(await node.ended, 7);
    assert.ok((await reportOn(t, folder)).legs[0]!.levels.length > 0, 'what was measured stands');
  });

  it('of nobody, or of somebody else, ends before it begins', TIMEOUT, async (t) => {
    const { node, url } = await startServer(t, "console.log('connected')");
    const other = await startInspectedNode(t, 'setInterval(()=>{},1e6)');
    const nobody = `127.0.0.1:${await unusedPort()}`;
    for (const [inspector, sentence] of [
      [nobody, new RegExp(`${nobody} is not the inspector of a Node.js process: .*ECONNREFUSED.* — node --inspect=`)],
      [
        other.address,
        new RegExp(`is the inspector of process ${other.pid}, which is not of the target's .* — ss -ltnp`),
      ],
    ] as const) {
      const folder = newFolder(t);
      const args = ['run', url, '--pid', String(node.pid), '--inspect', inspector, ...FEW, '--out', folder];
      assertFailed(await connrig(t, args), 4, 'EINSPECTOR', sentence);
      assert.equal((await reportOn(t, folder)).error?.code, 'EINSPECTOR');
    }
    node.child.kill('SIGKILL');
    assert.equal(await node.hear(), undefined, 'nobody has connected');
    assertFailed(
      await connrig(t, ['run', url, '--inspect', node.address]),
      2,
      'EUSAGE',
      /--inspect: a heap is part of/,
    );
  });
});

const heapOf = ({ runtime }: MemoryPoint['readings']): number => runtime!.processes[0]!.heapUsedBytes;
