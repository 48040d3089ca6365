/** A run as a gate: what must not be, checked before load starts and told in every output. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { assertFailed, connrig, HASTY, newFolder, reportOn, undisturbed } from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };
const FEW = ['run', '--protocol', 'tcp', '--levels', '20,40,60', '--engine', 'node', ...HASTY];

describe('a run with --fail-if', () => {
  it('fails where one is crossed, and says so everywhere', TIMEOUT, async (t) => {
    const limits = ['--fail-if', 'tcp.peakOpen > 59', '--fail-if', 'tcp.outcomes.refused > 0'];
    const { folder, ...ended } = await undisturbed(t, (out) => [...FEW, ...limits, '--json', '--out', out]);
    assertFailed(ended, 5, 'ETHRESHOLD', /a threshold was crossed: tcp\.peakOpen > 59/);
    assert.match(ended.stderr, /^threshold: tcp\.peakOpen > 59: 60, failed$/m);
    assert.match(ended.stderr, /^threshold: tcp\.outcomes\.refused > 0: 0, passed$/m);
    const { status, exitCode, thresholds } = JSON.parse(ended.stdout);
    assert.deepEqual({ status, exitCode }, { status: 'failed', exitCode: 5 });
    assert.deepEqual(thresholds, [
      { expression: 'tcp.peakOpen > 59', value: 60, passed: false },
      { expression: 'tcp.outcomes.refused > 0', value: 0, passed: true },
    ]);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /tcp\.peakOpen \\> 59 \| 60 \| failed/);
    assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /tcp\.peakOpen &#62; 59/);
    assert.deepEqual((await reportOn(t, folder)).thresholds, thresholds, 'the record alone says it again');
  });

  it('goes through where none is, also from a config file', TIMEOUT, async (t) => {
    const config = join(dirname(newFolder(t)), 'config.yaml');
    writeFileSync(config, `fail-if: ['tcp.peakOpen > 60', 'tcp.perConnection.user.bytes > 1MiB']\n`);
    const { folder, ...ended } = await undisturbed(t, (out) => [...FEW, '--config', config, '--out', out]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(
      (await reportOn(t, folder)).thresholds.map(({ passed }) => passed),
      [true, true],
    );
  });

  it('refuses what names nothing before anything starts', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    for (const [expression, sentence] of [
      ['tcp.perConnection.totl.bytes > 12KiB', /--fail-if: "tcp\.perConnection\.totl\.bytes" names nothing/],
      ['tcp.peakOpen > 12ms', /"12ms" is not what tcp\.peakOpen is measured in/],
      ['ws.peakOpen > 1', /--fail-if: no leg of this run is ws; there is tcp/],
    ] as const) {
      assertFailed(await connrig(t, [...FEW, '--fail-if', expression, '--out', folder]), 2, 'EUSAGE', sentence);
    }
    assert.equal(existsSync(folder), false);
  });
});
