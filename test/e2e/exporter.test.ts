/** Targets whose memory somebody else tells. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  newFolder,
  ONE_LEVEL,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { startServe } from '../support/serve-process.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 180_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };

describe('a run with --exporter', () => {
  it('of connrig meter has what --pid has', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const meter = startConnrig(t, ['meter', '--pid', String(echo.pid), '--listen', '127.0.0.1:0']);
    const exporter = await eventually(() => /http:\S+\/metrics/.exec(meter.stderr())?.[0], 'the meter');
    const folder = newFolder(t);
    assertWentThrough(await connrig(t, ['run', echo.url, '--exporter', exporter, ...ONE_LEVEL, '--out', folder]));
    const { target, legs } = await reportOn(t, folder);
    assert.equal(target.kind, 'exporter');
    for (const { bytes } of legs[0]!.levels) assert.ok(bytes.user! > 5e6);
    if (process.getuid?.() === 0) for (const { bytes } of legs[0]!.levels) assert.ok(bytes.kernel! > 0);
    const points = readSamples(folder).flatMap((sample) => (sample.type === 'memory' ? [sample.readings] : []));
    for (const { target, exporter } of points) {
      assert.deepEqual(target?.pids, [echo.pid]);
      assert.equal(exporter?.bytes, target?.anonBytes);
    }
    meter.child.kill('SIGTERM');
    assert.equal((await meter.ended).code, 0);
  });

  it("of any endpoint has the metric's bytes as the target's memory", TIMEOUT, async (t) => {
    const server = await startServe(['--protocol', 'ws']);
    t.after(() => server.stop());
    const folder = newFolder(t);
    const exporter = `${server.ready.admin}#nodejs_heap_size_used_bytes`;
    const args = ['run', `ws://127.0.0.1:${server.ports.ws}`, '--exporter', exporter, ...ONE_LEVEL, '--out', folder];
    assertWentThrough(await connrig(t, args));
    const { legs } = await reportOn(t, folder);
    for (const { bytes } of legs[0]!.levels) assert.ok(bytes.user! > 1e6 && bytes.user! < 5e7, String(bytes.user));
    const heapBytes = await server.metric('nodejs_heap_size_used_bytes');
    assert.ok(Math.abs(heapBytes! - legs[0]!.levels[0]!.bytes.user!) < 2e7);
  });

  it('that has nothing to say ends before it begins', TIMEOUT, async (t) => {
    const server = await startServe(['--protocol', 'ws']);
    t.after(() => server.stop());
    const exporter = `${server.ready.admin}#no_such_bytes`;
    const args = ['run', `ws://127.0.0.1:${server.ports.ws}`, '--exporter', exporter, '--out', newFolder(t)];
    assertFailed(await connrig(t, args), 4, 'EEXPORTER', /has no no_such_bytes/);
    const dead = [
      'run',
      `ws://127.0.0.1:${server.ports.ws}`,
      '--exporter',
      'http://127.0.0.1:1',
      '--out',
      newFolder(t),
    ];
    assertFailed(await connrig(t, dead), 4, 'EEXPORTER', /ECONNREFUSED/);
  });
});
