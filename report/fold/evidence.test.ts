import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunFile, Sample } from '../../core/schemas/record.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { openQuestion } from './evidence.ts';

const going = (more: Partial<RunFile> = {}): RunFile => runFile({ status: 'running', exitCode: null, ...more });
/** Levels that alternate about their line by so many bytes. */
const scattered = (bytes: number): Sample[] =>
  climb(5000).map((sample) => {
    if (sample.type !== 'memory') return sample;
    const target = { ...sample.readings.target! };
    target.anonBytes = target.anonBytes! + ((sample.level / 500) % 2 === 0 ? bytes : -bytes);
    return { ...sample, readings: { ...sample.readings, target } };
  });

test('another launch is asked for while something is open, and only then', () => {
  const ask = (samples: Sample[], config: RunFile['config'] = {}, precision?: number): string | null =>
    openQuestion(
      { run: going({ config, plan: { legs: [leg()], launches: 1 } }), samples, events: [], problems: [] },
      precision,
    );
  assert.equal(ask(climb(5000)), null, 'nothing was asked');
  assert.equal(ask(climb(5000), {}, 1), null, 'it is precise');
  assert.match(
    ask(scattered(100_000), {}, 1)!,
    /^ws: the cost is known to \d+\.\d % to either side, and 1 % are asked for$/,
  );
  assert.match(ask(scattered(20_000_000), {}, 5)!, /scatter too much/);
  assert.equal(ask(scattered(20_000_000), { failIf: [{ expression: 'ws.peakOpen < 1' }] }), null, 'not about the cost');
  const limit = (bytes: number) => ({ failIf: [{ expression: `ws.perConnection.user.bytes > ${bytes}` }] });
  assert.match(ask(scattered(100_000), limit(5000))!, /^whether .* is not shown: the limit lies within/);
  assert.equal(ask(scattered(100_000), limit(50_000)), null, 'it is kept for sure');
  assert.equal(ask(scattered(100_000), limit(500)), null, 'it is crossed for sure: no launch would mend it');
});
