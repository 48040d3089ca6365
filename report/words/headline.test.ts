import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Summary } from '../../core/schemas/summary.ts';
import { SizingPlan } from '../../core/values/sizing-plan.ts';
import { climb, progressOf, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { shortSummary } from '../outputs/markdown.ts';
import { terminalTable } from '../outputs/terminal.ts';
import { cellOf, headlinesOf } from './headline.ts';
import { plain } from './phrase.ts';
import { planSentences, planTables } from './plan-phrases.ts';

const GIB = 2 ** 30;
const sizing = SizingPlan.parse({
  connections: 250_000,
  spare: 1,
  headroomPercent: 25,
  currency: 'EUR',
  instances: [
    { name: 'small', memoryBytes: 4 * GIB, reservedBytes: GIB / 2, pricePerHour: 0.2, replicas: 1 },
    { name: 'large', memoryBytes: 16 * GIB, reservedBytes: GIB, pricePerHour: 0.136, replicas: 1 },
  ],
});
const made = (config: Record<string, unknown>, samples = climb(5000)): Summary =>
  summarize({ run: runFile({ config }), samples, events: [], problems: [] });
const planned = made({ memoryLimitBytes: 2 * GIB, sizing });
const told = (summary: Summary): Record<string, string> =>
  Object.fromEntries(headlinesOf(summary).map(({ label, answers }) => [label, plain(cellOf(answers[0]!))]));

test('what a run is made for stands first, each with its state', () => {
  const { limiters } = planned;
  const price = planned.sizing!.rows[1]!.pricePerMonth!;
  assert.deepEqual(told(planned), {
    'one more connection costs': '8.7 KiB, hardly any scatter',
    'what fits': 'about 190,000, in 2.0 GiB, 20 % kept free (a guess, far beyond what was measured)',
    'first limit': `the target's open files, at ${limiters[0]!.at.toLocaleString('en')}`,
    'for 250,000 connections': `${price.toFixed(0)} EUR, a month: 2 × large with one to spare (a guess, far beyond what was measured)`,
    'attempts that failed': '0, of 3,000 attempts',
    'time to open, p99': told(planned)['time to open, p99']!,
  });
  assert.match(told(planned)['time to open, p99']!, / ms, since it was due$/);
});

test('the plan in a sentence, and its choices with the cheapest marked', () => {
  const price = planned.sizing!.rows[1]!.pricePerMonth!.toFixed(0);
  assert.deepEqual(planSentences(planned).map(plain), [
    `250,000 connections: 2 × large with one to spare, ${price} EUR a month, the cheapest, a guess: far beyond what was measured.`,
  ]);
  const [table] = planTables(planned);
  assert.deepEqual(
    table!.rows.map(({ head, cells }) => [plain(head), plain(cells.at(-1)!)]),
    [
      ['2 × small with one to spare', 'a guess'],
      ['2 × large with one to spare', 'cheapest, a guess'],
    ],
  );
  assert.deepEqual(planTables(made({})), []);
});

test('without prices, and without a limit, the answers say what is missing', () => {
  const without = told(made({}));
  assert.match(
    without['for 100,000 connections']!,
    / × [\d.]+ [MG]iB \(not known: what that costs: --plan plan\.yaml names prices\)$/,
  );
});

test('what is crossed, and what only a closer look would tell', () => {
  const [leg] = planned.legs;
  const gate = { expression: 'ws.perConnection.total.bytes > 1KiB', value: 9000, passed: false, isShown: true };
  assert.match(told({ ...planned, thresholds: [gate] })['one more connection costs']!, /\(crossed\)$/);
  const unseen = { ...gate, isShown: false };
  assert.match(told({ ...planned, thresholds: [unseen] })['one more connection costs']!, /\(inconclusive\)$/);
  const reasons = [{ code: 'scatter' as const, sentence: 'they scatter', remedy: '--connections 10k' }];
  const legs = [{ ...leg!, perConnection: null, fit: null, inconclusive: { reasons, components: {} } }];
  const blind = told({ ...planned, legs, capacity: [], sizing: null, limiters: [] });
  assert.equal(blind['one more connection costs'], 'inconclusive: --connections 10k would tell');
  assert.equal(blind['what fits'], 'inconclusive: --connections 10k would tell');
  assert.equal(blind['what it would cost'], 'inconclusive: --connections 10k would tell');
  assert.match(blind['first limit']!, /^not known: /);
});

test('attempts that failed are noted, by what became of them', () => {
  const samples = climb(5000).map((sample) =>
    sample.type === 'leg-end' ? { ...sample, progress: progressOf(0, 3000, { refused: 12 }) } : sample,
  );
  assert.equal(told(made({}, samples))['attempts that failed'], '12 refused, of 3,012 attempts (noted)');
});

test('a terminal and a job summary begin with it', () => {
  const lines = terminalTable(planned).split('\n');
  assert.match(lines[0]!, /^one more connection costs {2}8\.7 KiB, /);
  assert.match(lines[7]!, /^One more WebSocket costs /);
  assert.match(lines[8]!, /^250,000 connections: 2 × large with one to spare, /);
  const summary = shortSummary(planned);
  const places = ['| one more connection costs | 8.7 KiB', '**One more WebSocket', '**250,000 connections: 2'].map(
    (text) => summary.indexOf(text),
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(places[0]! > 0, summary);
});
