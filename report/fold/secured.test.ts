import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_STAGES } from '../../core/schemas/times.ts';
import { agreedEvent, LEG_TLS, securedLeg, stagedClimb } from '../../test/support/secured-run.ts';
import { summarizeSamples } from '../../test/support/summaries.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { SampleKeeper } from './sample-keeper.ts';

const run = runFile({ plan: { legs: [leg(), securedLeg()], launches: 2 } });
const samples = [0, 1].flatMap((launch) => [
  ...stagedClimb(5000, { leg: 0, launch }, null),
  ...stagedClimb(9000, { leg: 1, launch }, { resumed: 750, keptObjects: 3 * launch }),
]);

test('what came of TLS is of all launches, and of its own leg alone', () => {
  const events = [agreedEvent(), agreedEvent({}, { launch: 1 }), agreedEvent({ version: '1.2' }, { launch: 1 })];
  const [ws, wss] = summarizeSamples(samples, { run, events }).legs;
  assert.deepEqual([ws!.transport, ws!.tls], ['plain', null]);
  assert.equal(wss!.transport, 'tls');
  const { agreed, ...counts } = wss!.tls!;
  // 3,000 handshakes in each launch, of which 750 were resumed; three objects were kept in the second.
  assert.deepEqual(counts, { ...LEG_TLS, secured: 6000, resumed: 1500, resumedPercent: 25, keptObjects: 3 });
  assert.deepEqual(
    agreed.map(({ version, suite }) => [version, suite]),
    [
      ['1.3', 'TLS_AES_128_GCM_SHA256'],
      ['1.2', 'TLS_AES_128_GCM_SHA256'],
    ],
  );
});

test('however many agreements a record has, a summary has twenty', () => {
  const events = Array.from({ length: 50 }, (_, i) => agreedEvent({ suite: `SUITE_${i}` }));
  const [, wss] = summarizeSamples(samples, { run, events }).legs;
  assert.equal(wss!.tls!.agreed.length, 20);
});

test('without a handshake no share of them came back', () => {
  const none = stagedClimb(9000, { leg: 1 }, { secured: 0 });
  const [wss] = summarizeSamples(none, { run }).legs;
  assert.deepEqual([wss!.tls!.secured, wss!.tls!.resumedPercent, wss!.tls!.agreed], [0, null, []]);
});

test('stages are those of the climb, with means that sum to the whole', () => {
  const [ws, wss] = summarizeSamples(samples, { run }).legs;
  const near = (value: number | undefined, wanted: number): void =>
    assert.ok(value !== undefined && Math.abs(value - wanted) < 0.01 * wanted, `${value}, not ${wanted}`);
  for (const [leg, securing] of [
    [ws!, undefined],
    [wss!, 4],
  ] as const) {
    const { connecting, handshaking } = leg.stages!;
    for (const key of ['p50Ms', 'p99Ms', 'maxMs', 'meanMs'] as const) {
      near(connecting[key], 0.5);
      near(handshaking[key], 1);
      if (securing !== undefined) near(leg.stages!.securing![key], securing);
    }
  }
  assert.ok(ws!.stages!.securing!.maxMs < 0.001);
});

test('bytes of an open, as they were said and on the wire; none where connections say something else meanwhile', () => {
  const [ws, wss] = summarizeSamples(samples, { run }).legs;
  assert.deepEqual(ws!.bytes!.perOpen, { in: 100, out: 150, wireIn: 100, wireOut: 150 });
  assert.deepEqual(wss!.bytes!.perOpen, { in: 100, out: 150, wireIn: 1400, wireOut: 550 });
  assert.deepEqual(wss!.bytes!.all, { in: 300_000, out: 450_000, wireIn: 4_200_000, wireOut: 1_650_000 });
  const talking = securedLeg({ behaviour: { kind: 'echo', perSecond: 10, bytes: 64 } });
  const [other] = summarizeSamples(stagedClimb(9000, { leg: 0 }), {
    run: runFile({ plan: { legs: [talking], launches: 1 } }),
  }).legs;
  assert.equal(other!.bytes!.perOpen, null);
  assert.equal(other!.bytes!.all.wireIn, 4_200_000);
});

test('an older record knows none of it', () => {
  const [ws] = summarizeSamples(climb(5000)).legs;
  assert.deepEqual([ws!.stages, ws!.bytes, ws!.tls], [null, null, null]);
});

test('a keeper has the stages of the last point of each climb, and says the same', () => {
  const keeper = new SampleKeeper();
  for (const sample of samples) keeper.add(sample, 1000);
  const kept = keeper.samples();
  const staged = kept.filter((sample) => sample.type === 'memory' && sample.progress.stages !== NO_STAGES);
  assert.equal(staged.length, 4);
  const [all, few] = [samples, kept].map((some) => summarizeSamples(some, { run }).legs.map(({ stages }) => stages));
  assert.deepEqual(few, all);
});
