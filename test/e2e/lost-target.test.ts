/** Targets that hold connections for a while, and then don't: what was measured until then is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertFailed,
  connrig,
  foldedLegs,
  HASTY,
  killIfThere,
  newFolder,
  phaseOf,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startHostile } from '../support/hostile.ts';
import { startServe } from '../support/serve-process.ts';

const TIMEOUT = { timeout: 180_000 };

describe('a target that drops its connections', () => {
  it('all of them at 1,000: EDROPPED, with the levels below', TIMEOUT, async (t) => {
    const server = await startHostile('dropper', { dropAt: 1000 });
    t.after(() => server.close());
    const folder = newFolder(t);
    const ended = await connrig(t, ['run', server.url, '--levels', '400,900,1500', ...HASTY, '--out', folder]);
    const { legs, error, status } = await reportOn(t, folder);
    // A client that is busy with other things may have heard of the attempts that were reset, and not yet of the rest.
    if (error?.code === 'ETARGETFULL') assertFailed(ended, 4, 'ETARGETFULL', /at 1,000 open connections: reset/);
    else assertFailed(ended, 4, 'EDROPPED', /dropped [\d,]+ of [\d,]+ open connections: reset/);
    assert.equal(status, 'failed');
    assert.deepEqual(
      legs[0]?.levels.map(({ open, established }) => ({ open, established })),
      [400, 900].map((open) => ({ open, established: open })),
    );
    assert.ok((legs[0]?.peakOpen ?? 0) >= 900);
    assert.ok(legs[0]?.perConnection === null || legs[0]?.perConnection.user === null, 'it has no process to measure');
  });

  it('each with a broken frame: EDROPPED, protocol-error', TIMEOUT, async (t) => {
    const server = await startHostile('bad-frame');
    t.after(() => server.close());
    const folder = newFolder(t);
    const ended = await connrig(t, ['run', server.url, '--connections', '200', '--levels', '3', '--out', folder]);
    assertFailed(ended, 4, 'EDROPPED', /protocol-error \(reserved bits set/);
    assert.deepEqual((await reportOn(t, folder)).legs[0]?.levels, []);
  });
});

describe('a target that is killed in a hold', () => {
  it('of somebody else: ETARGETDIED, with the levels below', TIMEOUT, async (t) => {
    const server = await startHostile('good');
    t.after(() => server.close());
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...[
        'run',
        server.url,
        '--pid',
        String(server.pid),
        '--levels',
        '100,200,5k',
        '--rate',
        '500/s',
        ...HASTY,
        '--out',
        folder,
      ],
    ]);
    await phaseOf(run, folder, 'hold', 200);
    killIfThere(server.pid!);
    const ended = await run.ended;
    assertFailed(ended, 4, 'ETARGETDIED', new RegExp(`process ${server.pid}, the target, is gone`));
    assert.ok(ended.stderr.includes(`connrig report ${folder}`), 'the hint can be pasted');
    assert.deepEqual(run.processes(), []);
    const { legs, error } = await reportOn(t, folder);
    assert.equal(error?.code, 'ETARGETDIED');
    assert.equal(legs[0]?.levels[0]?.open, 100);
    assert.ok((legs[0]?.levels[0]?.bytes.user ?? 0) > 0);
  });

  for (const protocol of ['tcp', 'ws']) {
    it(`our own, ${protocol}: ETARGETDIED, with the levels below`, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      const run = startConnrig(t, [
        ...['run', '--protocol', protocol, '--levels', '100,200,5k', '--rate', '500/s', ...HASTY, '--out', folder],
      ]);
      await phaseOf(run, folder, 'hold', 200);
      const servers = run.processes().filter((pid) => pid !== run.pid);
      assert.equal(servers.length, 1);
      killIfThere(servers[0]!);
      const ended = await run.ended;
      assertFailed(ended, 4, 'ETARGETDIED', /the reference server ended by itself \(SIGKILL\)/);
      assert.deepEqual(run.processes(), []);
      const { legs, error } = await reportOn(t, folder);
      assert.equal(error?.code, 'ETARGETDIED');
      assert.equal(legs[0]?.levels[0]?.open, 100);
    });
  }
});

describe('a target that takes no more than so many', () => {
  it('ws: it says so, ETARGETFULL, with all that fits measured', TIMEOUT, async (t) => {
    const server = await startServe(['--max-connections', '1500']);
    t.after(() => server.stop());
    const folder = newFolder(t);
    const url = `ws://127.0.0.1:${server.ports.ws}`;
    const ended = await connrig(t, [
      'run',
      url,
      '--pid',
      String(server.ready.pid),
      '--levels',
      '300,600,900,1200,1500,3000',
      ...HASTY,
      '--out',
      folder,
    ]);
    assertFailed(ended, 4, 'ETARGETFULL', /stopped accepting at 1,500 open connections: rejected \(HTTP 503/);
    const { error } = await reportOn(t, folder);
    assert.equal(error?.code, 'ETARGETFULL');
    const [leg] = foldedLegs(folder);
    assert.deepEqual(
      leg?.levels.map(({ open, established }) => [open, established]),
      [300, 600, 900, 1200, 1500].map((open) => [open, open]),
    );
    assert.ok(leg?.perConnection?.user && leg.perConnection.kernel, 'levels below are enough for a slope');
    assert.equal(leg.peakOpen, 1500);
    assert.ok(leg.outcomes.rejected > 0);
  });

  it('tcp: it can only close what is too much, EDROPPED', TIMEOUT, async (t) => {
    const server = await startServe(['--max-connections', '300']);
    t.after(() => server.stop());
    const folder = newFolder(t);
    const url = `tcp://127.0.0.1:${server.ports.tcp}`;
    const levels = ['--levels', '100,300,1000', ...HASTY];
    const ended = await connrig(t, ['run', url, '--pid', String(server.ready.pid), ...levels, '--out', folder]);
    assertFailed(ended, 4, 'EDROPPED');
    assert.deepEqual(
      (await reportOn(t, folder)).legs[0]?.levels.map(({ open }) => open),
      [100, 300],
    );
  });
});
