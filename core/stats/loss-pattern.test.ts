import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegProgress } from '../schemas/record.ts';
import { failureClause, heartbeatFor, lossClause, lossHint, lossSentence } from '../values/loss-sentences.ts';
import { CLOSE_REASONS, type CloseReason, zeroOutcomes } from '../values/outcomes.ts';
import { parseQuantity } from '../values/units.ts';
import { bucketOf, lowestOf } from './histogram.ts';
import { failureTimerMs, lossPatternOf } from './loss-pattern.ts';

/** A connection that was lost: ms it had been open, ms since anything was said on it, and since we said something. */
type Lost = readonly [ageMs: number, silenceMs?: number, unsaidMs?: number];

function histogramOf(times: readonly number[]): Array<[number, number]> {
  const counts = new Map<number, number>();
  for (const ms of times.toSorted((a, b) => a - b)) {
    const lowest = lowestOf(bucketOf(ms * 1000));
    counts.set(lowest, (counts.get(lowest) ?? 0) + 1);
  }
  return [...counts];
}

const losses = (lost: readonly Lost[], spanMs: number): LegProgress['losses'] => ({
  age: histogramOf(lost.map(([ageMs]) => ageMs)),
  silence: histogramOf(lost.map(([ageMs, silenceMs = ageMs]) => silenceMs)),
  unsaid: histogramOf(lost.map(([ageMs, silenceMs = ageMs, unsaidMs = silenceMs]) => unsaidMs)),
  spanMs,
});
const facts = (lost: readonly Lost[], spanMs: number, refused = 0, lateMs = 0.1) => ({
  losses: losses(lost, spanMs),
  outcomes: { ...zeroOutcomes(), open: 1000, refused },
  ownLag: histogramOf([lateMs]),
});

/** `count` times from `from` to `to`, evenly. */
const evenly = (count: number, from: number, to: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / Math.max(1, count - 1));
const aged = (ages: readonly number[]): Lost[] => ages.map((ms) => [ms]);

const CASES: ReadonlyArray<readonly [what: string, ReturnType<typeof facts>, clause: string]> = [
  [
    'a timer from opening',
    facts(aged(evenly(50, 5000, 5020)), 9000),
    'each 5.0 s after it opened: it closes what rests',
  ],
  ['the same, of few', facts(aged([5000, 5010, 5003]), 60_000), 'each 5.0 s after it opened: it closes what rests'],
  [
    'the same, where nearly all opened together',
    facts(aged(evenly(50, 5000, 5020)), 25),
    'each 5.0 s after it opened: it closes what rests',
  ],
  [
    'the same, late by what else the machine does',
    facts(aged([...evenly(40, 700, 800), ...evenly(9, 800, 2000)]), 9000),
    'each 0.8 s after it opened: it closes what rests',
  ],
  [
    'a timer of minutes',
    facts(aged(evenly(50, 75_000, 75_400)), 60_000),
    'each 1m15s after it opened: it closes what rests',
  ],
  [
    'a timer that counts what the client says alone',
    facts(
      evenly(50, 5000, 5050).map((ms) => [ms, 20, ms]),
      9000,
    ),
    'each 5.0 s after it opened: it closes what rests',
  ],
  [
    'a timer from the last byte',
    facts(
      evenly(50, 6000, 30_000).map((ms) => [ms, 3000 + (ms % 20)]),
      20_000,
    ),
    'each 3.0 s after the last byte: it closes what rests',
  ],
  [
    "a timer from the client's last byte",
    facts(
      evenly(50, 6000, 30_000).map((ms) => [ms, ms % 50, 3000 + (ms % 20)]),
      20_000,
    ),
    "each 3.0 s after the client's last byte: it closes what rests",
  ],
  [
    'a limit on age',
    facts(
      evenly(50, 5000, 5050).map((ms, i) => [ms, 2 * i, 40 * i]),
      9000,
    ),
    'each 5.0 s after it opened, although in use: a limit on age',
  ],
  [
    'a limit on age, with much traffic',
    facts(
      evenly(50, 5000, 5050).map((ms, i) => [ms, i / 10, i / 5]),
      9000,
    ),
    'each 5.0 s after it opened, although in use: a limit on age',
  ],
  [
    'a limit on age of what opened and talked together',
    facts(
      evenly(50, 5000, 5050).map((ms, i) => [ms, 100 + i, 100 + 2 * i]),
      9000,
    ),
    'each 5.0 s after it opened, although in use: a limit on age',
  ],
  [
    'a refusal after opening',
    facts(aged(evenly(51, 0.2, 40)), 3000),
    'each within 0.1 s of its opening: it refuses after opening',
  ],
  [
    'a restart',
    facts(aged(evenly(300, 1000, 12_000)), 90),
    'all within 0.1 s, 1.0 s to 12.0 s after they opened: a restart',
  ],
  [
    'a restart long after a ramp of some seconds',
    facts(aged(evenly(300, 60_000, 66_000)), 40),
    'all within 0.1 s, 1m00s to 1m06s after they opened: a restart',
  ],
  [
    'a restart soon after all opened together: nothing listened for a while',
    facts(aged(evenly(50, 3000, 3020)), 5, 3),
    'all within 0.1 s, 3.0 s after they opened: a restart',
  ],
  [
    'no rule at all',
    facts(aged(evenly(100, 200, 4000)), 30_000),
    '0.2 s to 4.0 s after they opened, half of them within 2.1 s',
  ],
  ['one alone', facts(aged([5000]), 0), '5.0 s after they opened'],
];
for (const [what, given, clause] of CASES) {
  test(`why connections were lost: ${what}`, () => assert.equal(lossClause(lossPatternOf(given)!), clause));
}

test('our own lateness widens what counts as equal, up to a quarter', () => {
  const stretched = aged([...evenly(30, 2000, 2010), ...evenly(20, 2300, 2880)]);
  assert.equal(lossPatternOf(facts(stretched, 9000))?.word, 'none');
  assert.equal(lossPatternOf(facts(stretched, 9000, 0, 400))?.word, 'idle');
  const scattered = aged(evenly(50, 200, 4000));
  assert.equal(lossPatternOf(facts(scattered, 9000, 0, 60_000))?.word, 'none');
});

test('nothing is told of losses where there were none, or of a record from before they were timed', () => {
  const { outcomes, ownLag } = facts([], 0);
  assert.equal(lossPatternOf({ losses: null, outcomes, ownLag }), null);
});

test('a heartbeat comes at least twice in the timer, and can be pasted', () => {
  for (const [timerMs, wanted] of [
    ...([
      [5000, '2s'],
      [3000, '1s'],
      [700, '300ms'],
      [75_000, '30s'],
      [60_000, '20s'],
      [1500, '500ms'],
    ] as const),
    ...([
      [10, '3ms'],
      [3, '1ms'],
      [120_000, '50s'],
      [600_000, '200s'],
      [3_600_000, '1000s'],
    ] as const),
  ] as const) {
    const told = heartbeatFor(timerMs);
    assert.equal(told, wanted, `for ${timerMs}`);
    assert.ok(parseQuantity('duration', told)! < timerMs / 2);
  }
});

test('each pattern has its own advice', () => {
  const hintOf = (given: ReturnType<typeof facts>): string | undefined => lossHint(lossPatternOf(given)!);
  const uponWords = lossPatternOf(
    facts(
      evenly(50, 1000, 9000).map((ms) => [ms, 60]),
      9000,
    ),
  )!;
  assert.match(lossClause(uponWords), /^each within 0\.1 s of the last byte: it closes on what was said$/);
  assert.match(lossHint(uponWords)!, /^does it know what --behaviour sends\?/);
  assert.match(hintOf(CASES[0]![1])!, /^--behaviour heartbeat:2s keeps them in use, or raise/);
  const byClause = (part: RegExp): string | undefined => hintOf(CASES.find(([, , clause]) => part.test(clause))![1]);
  assert.match(byClause(/limit on age/)!, /^no heartbeat helps/);
  assert.match(byClause(/restart/)!, /restart/);
  assert.match(byClause(/refuses/)!, /limits of the target/);
  assert.equal(byClause(/half of them/), undefined);
});

test('attempts that fail after the same time met a timer', () => {
  const failedAfter = histogramOf(evenly(50, 3000, 3040));
  const ownLag = histogramOf([0.1]);
  assert.ok(Math.abs(failureTimerMs({ failedAfter, ownLag })! - 3020) < 30);
  assert.equal(
    failureClause({ failedAfter, ownLag }),
    ', each 3.0 s after it was begun: a timer of the target or of what stands before it',
  );
  for (const times of [evenly(50, 0.1, 0.4), evenly(50, 100, 5000), [3000, 3000]]) {
    assert.equal(failureClause({ failedAfter: histogramOf(times), ownLag }), '');
  }
});

test('how many were lost, by what', () => {
  const closed = (reasons: Partial<Record<CloseReason, number>>): LegProgress['closeReasons'] => ({
    ...(Object.fromEntries(CLOSE_REASONS.map((name) => [name, 0])) as LegProgress['closeReasons']),
    ...reasons,
  });
  const progress = (reasons: Partial<Record<CloseReason, number>>, lost: readonly Lost[]) =>
    ({ ...facts(lost, 9000), closeReasons: closed(reasons) }) as LegProgress;
  assert.equal(lossSentence(progress({ 'by-us': 1000 }, [])), undefined);
  assert.equal(
    lossSentence(progress({ 'by-us': 960, 'by-peer': 30, reset: 10 }, aged(evenly(40, 5000, 5020)))),
    '40 of 1,000 open connections were lost (by-peer, reset), each 5.0 s after it opened: it closes what rests',
  );
  const broken = { ...progress({ 'protocol-error': 1 }, []), losses: null };
  assert.equal(lossSentence(broken), '1 of 1,000 open connections was lost (protocol-error)');
});
