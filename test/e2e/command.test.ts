/** Servers that a run starts itself: measured, stopped, and never left behind. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  HASTY,
  killIfThere,
  newFolder,
  ONE_LEVEL,
  phaseOf,
  readRunJson,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 180_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const ENTRY = fileURLToPath(new URL('../../bin/main.js', import.meta.url));
const SERVE = `echo starting; ${process.execPath} ${ENTRY} serve --admin-port auto`;
const twoPorts = async (): Promise<{ ws: number; tcp: number }> => {
  const ws = await freePorts('127.0.0.1', 2, ephemeralRange());
  return { ws, tcp: ws + 1 };
};

describe('a server started by --command', () => {
  it('is measured leg by leg, each with a fresh process, and its output is in the run folder', TIMEOUT, async (t) => {
    const { ws, tcp } = await twoPorts();
    const folder = newFolder(t);
    const command = `${SERVE} --ws-port ${ws} --tcp-port ${tcp}`;
    const urls = [`tcp://127.0.0.1:${tcp}`, `ws://127.0.0.1:${ws}`];
    const levels = ['--connections', '50', '--levels', '1', ...HASTY, '--out', folder];
    assertWentThrough(await connrig(t, ['run', ...urls, '--command', command, ...levels], { deadlineMs: 170_000 }));
    const { legs, target, warnings } = await reportOn(t, folder);
    assert.deepEqual([target.kind, target.name], ['command', command]);
    assert.deepEqual(
      legs.map((leg) => leg.levels.map(({ open }) => open)),
      [[50], [50]],
    );
    for (const leg of legs) for (const { bytes } of leg.levels) assert.ok(bytes.user! > 5e6);
    assert.equal(readFileSync(join(folder, 'target.log'), 'utf8').match(/^starting$/gm)?.length, 2);
    const points = readSamples(folder).flatMap((sample) => (sample.type === 'memory' ? [sample] : []));
    const roots = new Set(points.map(({ readings }) => readings.target?.pids[0]));
    assert.equal(roots.size, 2);
    if (!warnings.some((text) => text.includes('memory cgroup'))) {
      for (const { readings } of points) assert.equal(readings.cgroup?.exclusive, true);
    }
    assert.ok(readRunJson(folder).target.descriptorLimit! > 0, 'the limit of its process');
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`does not outlive a run that is ended by ${signal}`, TIMEOUT, async (t) => {
      const { ws } = await twoPorts();
      const folder = newFolder(t);
      const command = `${SERVE} --protocol ws --ws-port ${ws}`;
      const run = startConnrig(t, [
        ...['run', `ws://127.0.0.1:${ws}`, '--command', command, '--levels', '40,5k', '--rate', '50/s'],
        ...[...HASTY, '--out', folder],
      ]);
      await phaseOf(run, folder, 'hold', 40);
      // The client, the server, and what watches over it.
      assert.ok(run.processes().length >= 3);
      killIfThere(run.pid, signal);
      const ended = await run.ended;
      if (signal === 'SIGINT') assertFailed(ended, 130, 'EINTERRUPTED');
      await eventually(() => run.processes().length === 0, 'the end of all it started', 30_000);
    });
  }

  it('that does not start is told in its own words', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const { ws } = await twoPorts();
    const args = ['run', `ws://127.0.0.1:${ws}`, '--command', 'echo no config >&2; exit 3', '--out', folder];
    assertFailed(await connrig(t, args), 4, 'ETARGETSTART', /\(exit code 3\) before .* answered: no config/);
    assert.equal((await reportOn(t, folder)).error?.code, 'ETARGETSTART');
    assert.equal(readFileSync(join(folder, 'target.log'), 'utf8'), 'no config\n');
  });

  it(
    'that prints without end is measured, and its log has a beginning, an end, and what is between them as a number',
    TIMEOUT,
    async (t) => {
      const { tcp } = await twoPorts();
      const folder = newFolder(t);
      const line = 'a server that has a lot to say of itself\\n';
      const command = `${process.execPath} -e "require('net').createServer().listen(${tcp},'127.0.0.1');const some='${line}'.repeat(2000);console.log('up');let left=400;const say=()=>{process.stdout.write(some);if(--left>0)setTimeout(say,5)};say()"`;
      // An inspector would have its say in the log, too.
      const how = ['--command', command, ...ONE_LEVEL, '--rest', '3s', '--collect', 'off', '--out', folder];
      const args = ['run', `tcp://127.0.0.1:${tcp}`, ...how];
      assertWentThrough(await connrig(t, args));
      const log = readFileSync(join(folder, 'target.log'), 'latin1');
      const [note = '', leftOut] = /\n\[connrig: (\d+) bytes of output are left out here\]\n/.exec(log) ?? [];
      assert.ok(Number(leftOut) > 2 ** 20, note);
      assert.ok(log.startsWith('up\na server') && log.endsWith('of itself\n') && log.length <= 16 * 2 ** 20);
      const { warnings } = await reportOn(t, folder);
      assert.equal(warnings.filter((text) => text.includes('target.log keeps the first and the last')).length, 1);
    },
  );

  it('cannot be started on another machine', TIMEOUT, async (t) => {
    // An address for documentation, nobody's: nothing is connected to.
    const args = ['run', 'ws://198.51.100.7:9', '--command', 'true', '--out', newFolder(t)];
    assertFailed(await connrig(t, args), 2, 'EUSAGE', /198\.51\.100\.7 is not this machine/);
  });
});
