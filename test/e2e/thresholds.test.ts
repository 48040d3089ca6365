/** A run as a gate: what must not be, checked before load starts and told in every output. One that passes is in baseline.test.ts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertFailed, connrigHere, newFolder, ONE_LEVEL, reportOn, undisturbed } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const TIMEOUT = { timeout: 180_000 };
const ONE = ['--engine', 'node', ...ONE_LEVEL];

describe('a run with --fail-if', () => {
  it('fails where one is crossed, and says so everywhere', TIMEOUT, async (t) => {
    const limits = ['--fail-if', 'tcp.peakOpen > 19', '--fail-if', 'tcp.outcomes.refused > 0'];
    const server = await startEcho('tcp');
    t.after(() => server.close());
    const args = ['run', server.url, ...ONE, ...limits, '--json'];
    const { folder, ...ended } = await undisturbed(t, (out) => [...args, '--out', out]);
    assertFailed(ended, 5, 'ETHRESHOLD', /a threshold was crossed: tcp\.peakOpen > 19/);
    assert.match(ended.stderr, /^threshold: tcp\.peakOpen > 19: 20, failed$/m);
    assert.match(ended.stderr, /^threshold: tcp\.outcomes\.refused > 0: 0, passed$/m);
    const { status, exitCode, thresholds } = JSON.parse(ended.stdout);
    assert.deepEqual({ status, exitCode }, { status: 'failed', exitCode: 5 });
    assert.deepEqual(thresholds, [
      { expression: 'tcp.peakOpen > 19', value: 20, passed: false, isShown: true },
      { expression: 'tcp.outcomes.refused > 0', value: 0, passed: true, isShown: true },
    ]);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /tcp\.peakOpen \\> 19 \| 20 \| failed/);
    assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /tcp\.peakOpen &#62; 19/);
    assert.deepEqual((await reportOn(t, folder)).thresholds, thresholds, 'the record alone says it again');
  });

  it('refuses what names nothing before anything starts', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    for (const [expression, sentence] of [
      ['tcp.perConnection.totl.bytes > 12KiB', /--fail-if: "tcp\.perConnection\.totl\.bytes" names nothing/],
      ['tcp.peakOpen > 12ms', /"12ms" is not what tcp\.peakOpen is measured in/],
      ['ws.peakOpen > 1', /--fail-if: no leg of this run is ws; there is tcp/],
    ] as const) {
      assertFailed(
        await connrigHere(['run', '--protocol', 'tcp', ...ONE, '--fail-if', expression, '--out', folder]),
        2,
        'EUSAGE',
        sentence,
      );
    }
    assert.equal(existsSync(folder), false);
  });
});
