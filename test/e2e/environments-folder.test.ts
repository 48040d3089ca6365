/** Run folders that can't be written, from the start or from some moment on. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { assertFailed, connrig, HASTY, reportOn } from '../support/connrig.ts';
import { ELSEWHERE, elsewhere, openFolder } from '../support/elsewhere.ts';

const RUN = ['run', '--protocol', 'tcp', '--rate', '100/s', ...HASTY];
const mounted = (at: string, options: string): string => `mkdir ${at} && mount -t tmpfs -o ${options} tmpfs ${at}`;

describe('a run folder', () => {
  it('that fills up ends the run; what was measured is shown, kept, and can be reported on', ELSEWHERE, async (t) => {
    const copy = openFolder(t);
    const options = elsewhere(t, { setUp: mounted('full', 'size=100k'), after: `cp -r full/run/. '${copy}'` });
    const ended = await connrig(t, [...RUN, '--levels', '20,40,5k', '--out', 'full/run'], options);
    assertFailed(
      ended,
      2,
      'EOUT',
      /the reports can't be written into full\/run: summary\.json \(ENOSPC\) — df -h, .*copy the folder/,
    );
    assert.match(ended.stdout, /^baseline, without connections +\d/m, 'a table of it');
    assert.deepEqual(readdirSync(copy).toSorted(), ['events.jsonl', 'run.json', 'samples.jsonl'], 'no halves');
    const { status, exitCode, error, legs, warnings } = await reportOn(t, copy);
    assert.deepEqual({ status, exitCode, code: error?.code }, { status: 'failed', exitCode: 2, code: 'EOUT' });
    assert.match(error?.message ?? '', /the record breaks off/);
    assert.deepEqual(
      legs[0]?.levels.map(({ open }) => open),
      [20, 40],
    );
    assert.match(warnings.join('\n'), /the last line of samples\.jsonl is cut off/);

    const locked = elsewhere(t, { setUp: `mount --bind '${copy}' '${copy}'\nmount -o remount,bind,ro '${copy}'` });
    const again = await connrig(t, ['report', copy], locked);
    assertFailed(again, 2, 'EOUT', /the reports can't be written into .* \(EROFS\)/);
    assert.match(again.stdout, /^baseline, without connections +\d/m);
  });

  const REFUSED: ReadonlyArray<[what: string, setUp: string, why: RegExp]> = [
    ['on a read-only disk', mounted('disk', 'ro'), /disk\/run can't be written \(EROFS\)/],
    [
      'on a full disk',
      `${mounted('disk', 'size=16k')} && head -c 16384 /dev/zero > disk/filler`,
      /disk\/run can't be written \(ENOSPC\)/,
    ],
  ];
  for (const [what, setUp, why] of REFUSED) {
    it(`${what} is refused before anything starts`, ELSEWHERE, async (t) => {
      const ended = await connrig(t, [...RUN, '--levels', '20,40', '--out', 'disk/run'], elsewhere(t, { setUp }));
      assertFailed(ended, 2, 'EOUT', why);
      assert.match(ended.stderr, / — --out a folder that you may write to, with room$/m);
      assert.doesNotMatch(ended.stderr, /warm-up/);
    });
  }

  it("that is another user's is refused before anything starts", ELSEWHERE, async (t) => {
    const options = elsewhere(t, { setUp: 'mkdir -m 755 theirs', asNobody: true });
    const ended = await connrig(t, [...RUN, '--levels', '20,40', '--out', 'theirs/run'], options);
    assertFailed(ended, 2, 'EOUT', /theirs\/run can't be written \(EACCES\)/);
  });
});
