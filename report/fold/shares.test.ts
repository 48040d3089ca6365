import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, Sample } from '../../core/schemas/record.ts';
import type { ShareResidual } from '../../core/schemas/share-residual.ts';
import { climb, runFile } from '../../test/support/synthetic-run.ts';
import { plain } from '../words/phrase.ts';
import { reportTables } from '../words/report-tables.ts';
import { bottleneckHint } from './generator.ts';
import { summarize } from './summarize.ts';

const residual = (share: number, openP99Ms: number): ShareResidual => ({
  share,
  host: `host-${share}`,
  wanted: 100,
  attempts: 100,
  wantedPerSecond: 500,
  perSecond: null,
  openP50Ms: 1,
  openP99Ms,
  latenessP99Ms: null,
  failures: {},
  closes: {},
});

/** A climb whose levels tell of three shares, the last of them with such times at each level. */
const held = (...p99Ms: readonly number[]): Sample[] => {
  let level = 0;
  return climb(5000).map((sample) => {
    if (sample.type !== 'memory' || sample.phase !== 'hold') return sample;
    const own = p99Ms[level++] ?? p99Ms.at(-1)!;
    return { ...sample, residuals: [residual(0, 5), residual(1, 6), residual(2, own)] };
  });
};
const summaryOf = (samples: Sample[], events: RunEvent[] = []) =>
  summarize({ run: runFile(), samples, events, problems: [] });

test('a host that stands out is named once, where it stood out most, and not blamed on the target', () => {
  const summary = summaryOf(held(5, 90, 60, 7));
  const [leg] = summary.legs;
  assert.deepEqual(leg!.shares?.strange, [
    { share: 2, host: 'host-2', figure: 'openP99', value: 90, median: 6, level: 1000 },
  ]);
  assert.equal(leg!.shares?.level, 3000);
  const [warning, ...others] = summary.warnings.filter((text) => text.includes('stands out'));
  assert.deepEqual(others, []);
  assert.equal(
    warning,
    'ws: share 3, on host-2, stands out: 1 in 100 of its connections took over 90.0 ms to open, of the others 6.00 ms (level of 1,000). All shares go to the same target, so this comes from host-2 or its network, and not from the target',
  );
  const table = reportTables(summary).find(({ caption }) => plain(caption).includes('shares of the fleet'));
  assert.deepEqual(
    table?.rows.map(({ cells }) => plain(cells.at(-1)!)),
    ['', '', 'stands out'],
  );
});

test('machines that are alike are told without a warning, and one machine without shares', () => {
  const alike = summaryOf(held(6));
  assert.deepEqual(alike.legs[0]!.shares?.strange, []);
  assert.ok(!alike.warnings.some((text) => text.includes('stands out')));
  const one = summaryOf(climb(5000));
  assert.equal(one.legs[0]!.shares, null);
  assert.ok(!reportTables(one).some(({ caption }) => plain(caption).includes('shares of the fleet')));
});

test('a machine that was too slow, while the others had no room for more, was what limited the run', () => {
  const behind = (isLowered: boolean): RunEvent => ({
    type: 'share-behind',
    elapsedMs: 5000,
    launch: 0,
    leg: 0,
    protocol: 'ws',
    share: 1,
    host: 'host-1',
    due: 1000,
    opened: 300,
    cpuPercent: 99,
    cores: 1,
    part: 1500,
    isLowered,
  });
  const { generator } = summaryOf(held(6), [behind(false)]);
  assert.equal(generator.saturated, true);
  assert.match(generator.bottleneck!, /share 2 of the fleet, on host-1, had made 300 of 1000 attempts/);
  assert.match(bottleneckHint(generator.bottleneck!), /one more machine/);
  assert.equal(summaryOf(held(6), [behind(true)]).generator.saturated, false);
});
