import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { Sample } from '../../core/schemas/record.ts';
import { securedLeg } from '../../test/support/secured-run.ts';
import { summarizeSamples } from '../../test/support/summaries.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { tlsAddsOf } from './tls-adds.ts';

const LEGS = [leg(), securedLeg()];
const summaryOf = (samples: readonly Sample[], legs: RecordedLeg[] = LEGS, launches = 1) =>
  summarizeSamples(samples, { run: runFile({ plan: { legs, launches } }) });
const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value - wanted) < 1e-6 * Math.abs(wanted) + 1e-6, `${value}, not ${wanted}`);

test('what a leg over TLS costs beyond the plain one, part by part, with an interval of 95 %', () => {
  const { tlsAdds, legs } = summaryOf([...climb(5000, { leg: 0 }), ...climb(14_000, { leg: 1 })]);
  assert.equal(tlsAdds.length, 1);
  const [{ total, user, kernel, components, ...names }] = tlsAdds as [(typeof tlsAdds)[number]];
  assert.deepEqual(names, { leg: 'wss', plainLeg: 'ws', protocol: 'ws', isShown: true, unknown: null });
  near(total!.bytes, 9000);
  near(user!.bytes, 9000);
  assert.deepEqual([kernel!.bytes, kernel!.word], [0, 'no difference shown']);
  assert.equal(total!.word, 'dearer');
  near(total!.percent!, (100 * 9000) / legs[0]!.perConnection!.total!.bytes);
  // Exact levels: what is left is the scatter of launches, 1 % of each cost, and Student's t for many degrees.
  const [plain, secured] = legs.map(({ perConnection }) => perConnection!.total!.bytes);
  near(total!.high - total!.bytes, 1.984 * Math.hypot(0.01 * plain!, 0.01 * secured!));
  near(total!.bytes - total!.low, total!.high - total!.bytes);
  near(components.userOther!.bytes, 9000);
});

test('over several launches the interval is over these', () => {
  const samples = [0, 1, 2].flatMap((launch) => [
    ...climb(5000 + 100 * launch, { leg: 0, launch }),
    ...climb(14_000 - 100 * launch, { leg: 1, launch }),
  ]);
  const [adds] = summaryOf(samples, LEGS, 3).tlsAdds;
  near(adds!.user!.bytes, 13_900 - 5100);
  // Both scatter by 100 B; t for 4 degrees of freedom; two means of three.
  near(adds!.user!.high - adds!.user!.bytes, 2.776 * 100 * Math.sqrt(2 / 3));
});

test('a difference that may be nothing is not shown', () => {
  const [adds] = summaryOf([...climb(5000, { leg: 0 }), ...climb(5100, { leg: 1 })]).tlsAdds;
  assert.deepEqual([adds!.isShown, adds!.total!.word, adds!.unknown], [false, 'no difference shown', null]);
  assert.ok(adds!.total!.low < 0 && adds!.total!.high > 100);
});

test('a leg that tells no cost leaves it open, and it is said why', () => {
  const both = summaryOf([...climb(5000, { leg: 0 }), ...climb(14_000, { leg: 1 })]).legs;
  const [ws, wss] = both as [(typeof both)[number], (typeof both)[number]];
  const inconclusive = {
    reasons: [{ code: 'scatter' as const, sentence: 'it scatters', remedy: '--rest 15s' }],
    components: {},
  };
  const cases = [
    ['inconclusive', [{ ...ws, perConnection: null, inconclusive }, wss]],
    ['inconclusive', [ws, { ...wss, perConnection: null, inconclusive }]],
    ['no-cost', [ws, { ...wss, perConnection: null }]],
    ['other-levels', [ws, { ...wss, levels: wss.levels.slice(0, -1) }]],
  ] as const;
  for (const [unknown, legs] of cases) {
    const [adds] = tlsAddsOf(legs);
    assert.deepEqual([adds!.unknown, adds!.isShown, adds!.total, adds!.components], [unknown, false, null, {}]);
  }
});

test('legs are paired by protocol, and the second with the second', () => {
  const legs = [
    leg({ protocol: 'tcp', name: 'tcp' }),
    leg(),
    securedLeg(),
    securedLeg({ name: 'wss-2' }),
    leg({ name: 'ws-2' }),
    securedLeg({ protocol: 'http', name: 'https' }),
  ];
  const samples = legs.flatMap(({ protocol }, index) => climb(4000 + 1000 * index, { leg: index, protocol }));
  const run = runFile({ plan: { legs, launches: 1 } });
  const generator = { ...run.generator, legs: legs.map(() => run.generator.legs[0]!) };
  const { tlsAdds } = summarizeSamples(samples, { run: { ...run, generator } });
  assert.deepEqual(
    tlsAdds.map(({ leg, plainLeg, user }) => [leg, plainLeg, Math.round(user!.bytes)]),
    [
      ['wss', 'ws', 1000],
      ['wss-2', 'ws-2', -1000],
    ],
  );
});

test('a run without a pair says nothing of it', () => {
  assert.deepEqual(summaryOf(climb(5000, { leg: 0 })).tlsAdds, []);
  assert.deepEqual(summaryOf(climb(5000, { leg: 0 }), [securedLeg()]).tlsAdds, []);
});
