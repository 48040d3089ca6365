import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from '../../report/fold/summarize.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import type { Summary } from '../schemas/summary.ts';
import { checked, readThreshold, type Threshold } from './thresholds.ts';

const run = runFile({ plan: { legs: [leg()], launches: 1 } });
const summary = summarize({ run, samples: climb(5000), events: [], problems: [] });
const resultOf = (expression: string): [number | null, boolean] => {
  const threshold = readThreshold(expression);
  assert.equal(typeof threshold, 'object', String(threshold));
  const { value, passed } = checked(threshold as Threshold, summary);
  return [value === null ? null : Math.round(value), passed];
};

test('a number of the summary is held against a quantity of its kind', () => {
  assert.deepEqual(resultOf('ws.perConnection.user.bytes > 12KiB'), [5000, true]);
  assert.deepEqual(resultOf('ws.perConnection.user.bytes>4KiB'), [5000, false]);
  assert.deepEqual(resultOf('ws.peakOpen < 3k'), [3000, true]);
  assert.deepEqual(resultOf('ws.peakOpen <= 3k'), [3000, false]);
  assert.deepEqual(resultOf('ws.outcomes.refused > 0'), [0, true]);
  assert.deepEqual(resultOf('ws.fit.rSquared < 0.99'), [1, true]);
  assert.equal(resultOf('exitCode > 0')[1], true);
  assert.deepEqual(resultOf('ws.retained.bytesPerClosedConnection > 1KiB'), [0, true]);
  assert.deepEqual(resultOf('ws.retained.kernel.bytesPerClosedConnection > 100'), [0, true]);
  assert.deepEqual(resultOf('ws.retained.files.perClosedConnection >= 0'), [0, false]);
});

test('the parts of bytes are bytes', () => {
  for (const path of [
    'slow.queuedBytesPerSlow.target',
    'slow.allocatedBytesPerSlow.client',
    'storm.kernel.peakBytes',
  ]) {
    const threshold = readThreshold(`ws.${path} > 1GiB`);
    assert.ok(typeof threshold === 'object' && threshold.limit === 2 ** 30, String(threshold));
  }
});

test('where the limit lies within the interval of a value nothing is shown, unless the end of it is asked for', () => {
  const [leg] = summary.legs;
  const total = { bytes: 9000, low: 8000, high: 10_000 };
  const wide = { ...summary, legs: [{ ...leg!, perConnection: { ...leg!.perConnection!, total } }] };
  const shown = (expression: string): [boolean, boolean] => {
    const { passed, isShown } = checked(readThreshold(expression) as Threshold, wide);
    return [passed, isShown];
  };
  assert.deepEqual(shown('ws.perConnection.total.bytes > 12KiB'), [true, true]);
  assert.deepEqual(shown('ws.perConnection.total.bytes > 7KiB'), [false, true]);
  assert.deepEqual(shown('ws.perConnection.total.bytes > 9KiB'), [false, false]);
  assert.deepEqual(shown('ws.perConnection.total.high > 9KiB'), [false, true]);
  assert.deepEqual(shown('ws.perConnection.total.low > 9KiB'), [true, true]);
  const inconclusive = {
    reasons: [{ code: 'scatter' as const, sentence: 'it scatters', remedy: '--levels 9' }],
    components: {},
  };
  const none = { ...summary, legs: [{ ...leg!, perConnection: null, inconclusive }] };
  const { value, passed, isShown } = checked(readThreshold('ws.perConnection.total.bytes > 1KiB') as Threshold, none);
  assert.deepEqual([value, passed, isShown], [null, false, false]);
  assert.equal(checked(readThreshold('ws.rtt.p99Ms > 5ms') as Threshold, none).isShown, true, 'nobody measured it');
});

test('what is not known has not passed', () => {
  assert.deepEqual(resultOf('tcp.perConnection.total.bytes > 12KiB'), [null, false]);
  assert.deepEqual(resultOf('ws.rtt.p99Ms > 5ms'), [null, false]);
  assert.deepEqual(resultOf('ws.burst.beyondRestBytes > 4KiB'), [null, false]);
  assert.deepEqual(resultOf('ws.retained.files.low > 0.5'), [null, false]);
});

const WRONG: ReadonlyArray<[string, RegExp]> = [
  ['ws.perConnection.total.bytes', /is not a path, one of >= <= > <, and a quantity/],
  [
    'ws.perConnection.totl.bytes > 1KiB',
    /"ws\.perConnection\.totl\.bytes" names nothing: ws\.perConnection has total, user, kernel, charged, components, componentEstimates, unexplained, coarseBytes, tcpReservedBytes$/,
  ],
  ['wxs.perConnection.total.bytes > 1KiB', /names nothing: a summary has .*generator/],
  ['ws.perConnection.total > 1KiB', /is no number yet: go on with bytes, low, high/],
  ['ws.perConnection.components.heap > 1KiB', /names nothing: ws\.perConnection\.components has heapUsed, /],
  ['ws.levels.0 > 1', /names nothing: ws\.levels has no parts with names/],
  ['ws.perConnection.total.bytes > 12ms', /"12ms" is not what .* is measured in; 64KiB would be/],
  ['ws.open.p99Ms > 12KiB', /"12KiB" is not what ws\.open\.p99Ms is measured in/],
  ['name > 1', /is no number/],
  ['', /is not a path/],
];
for (const [expression, wanted] of WRONG) {
  test(`"${expression}" is refused in words`, () => {
    const found = readThreshold(expression);
    assert.match(String(found), wanted);
  });
}

test('what TLS adds is asked of the leg over TLS, and known with its interval', () => {
  const added = { bytes: 9000, low: 8600, high: 9400, percent: 100, word: 'dearer' as const };
  const adds = { leg: 'wss', plainLeg: 'ws', protocol: 'ws' as const, total: added, user: added, kernel: null };
  const told = { ...adds, components: {}, isShown: true, unknown: null };
  const [ws] = summary.legs;
  const secured = { ...ws!, name: 'wss', transport: 'tls' as const };
  const of = (expression: string, tlsAdds: Summary['tlsAdds']): Array<unknown> => {
    const threshold = readThreshold(expression) as Threshold;
    const { value, passed, isShown } = checked(threshold, { ...summary, legs: [ws!, secured], tlsAdds });
    return [value, passed, isShown];
  };
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 12KiB', [told]), [9000, true, true]);
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 4KiB', [told]), [9000, false, true]);
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 9KiB', [told]), [9000, false, false]);
  const none = { ...told, total: null, user: null, isShown: false };
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 4KiB', [{ ...none, unknown: 'inconclusive' }]), [null, false, false]);
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 4KiB', [{ ...none, unknown: 'no-cost' }]), [null, false, true]);
  assert.deepEqual(of('wss.tlsAdds.total.bytes > 4KiB', []), [null, false, true]);
  assert.match(String(readThreshold('wss.tlsAdds.total > 1')), /go on with bytes, low, high, percent/);
});
