import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnsweredBy, answeredBy, changeBetween, judge } from './exporter-process.ts';
import { parseSelector } from './prometheus-text.ts';

const MB = 1e6;
const METRIC = 'process_resident_memory_bytes';
const selector = parseSelector(METRIC)!;

interface Told {
  readonly rss: number;
  readonly start?: number;
  readonly cpu?: number;
  /** Labels of the metric. */
  readonly labels?: string;
  readonly more?: string;
}

const pageOf = ({ rss, start, cpu, labels = '', more = '' }: Told): string =>
  [
    `# TYPE ${METRIC} gauge\n${METRIC}${labels} ${rss}`,
    ...(start === undefined ? [] : [`# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${start}`]),
    ...(cpu === undefined ? [] : [`# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${cpu}`]),
    `# TYPE nodejs_active_handles_total gauge\nnodejs_active_handles_total ${Math.random()}`,
    more,
  ].join('\n');
const by = (told: Told): AnsweredBy => answeredBy(pageOf(told), selector, told.rss);

/** Twelve answers, in turn. */
const answers = (one: (i: number) => Told): AnsweredBy[] => Array.from({ length: 12 }, (_, i) => by(one(i)));
const START = 1_795_753_393;

const SEVERAL: ReadonlyArray<[what: string, one: (i: number) => Told, processes: number | null, sign: RegExp]> = [
  [
    'starts that are minutes apart',
    (i) => ({ rss: 50 * MB, start: START + 600 * (i % 2) }),
    2,
    /process_start_time_seconds 1795753393, 1795753993/,
  ],
  ['starts within one second that come back', (i) => ({ rss: 50 * MB, start: START + 0.31 * (i % 3) }), 3, /393\.31/],
  [
    'labels that name the process',
    (i) => ({ rss: 50 * MB, labels: `{pid="${i % 3}"}` }),
    3,
    /pid="0" and pid="1" and pid="2"/,
  ],
  [
    'counters that go back',
    (i) => ({ rss: 50 * MB, cpu: (i % 2 ? 4 : 9) + i / 10 }),
    null,
    /process_cpu_seconds_total went from/,
  ],
  [
    'three levels of memory by turns',
    (i) => ({ rss: [68, 109, 88][i % 3]! * MB + i * 3000 }),
    3,
    /back and forth between/,
  ],
  [
    'two levels of memory by chance',
    (i) => ({ rss: ([0, 2, 3, 7, 8, 10].includes(i) ? 60 : 90) * MB, start: START }),
    2,
    /57\.2 MiB, 85\.8 MiB/,
  ],
];
for (const [what, one, processes, sign] of SEVERAL) {
  test(`several processes: ${what}`, () => {
    const verdict = judge(answers(one));
    assert.ok(verdict.kind === 'several', JSON.stringify(verdict));
    assert.equal(verdict.processes, processes);
    assert.match(verdict.sign, sign);
  });
}

const ONE: ReadonlyArray<[what: string, one: (i: number) => Told]> = [
  ['the same each time', () => ({ rss: 50 * MB, start: START, cpu: 1 })],
  ['memory that grows', (i) => ({ rss: 50 * MB + i * 2 * MB, start: START })],
  ['memory that a collection halves', (i) => ({ rss: (i < 5 ? 120 : 60) * MB + i * 40_000 })],
  ['a saw: growth and collections', (i) => ({ rss: 50 * MB + (i % 5) * 2 * MB + i * 500_000 })],
  ['memory that wanders', (i) => ({ rss: 50 * MB + Math.sin(i * 1.7) * 3 * MB })],
  ['a few pages more or less', (i) => ({ rss: 50 * MB + (i % 2) * 40_960 })],
  ['a start that is computed anew each time, and rounded', (i) => ({ rss: 50 * MB, start: START + (i % 2) })],
  ['a start that is computed to the hundredth', (i) => ({ rss: 50 * MB, start: START + (i % 2) * 0.01 })],
  ['a start with fractions settles it', (i) => ({ rss: (i % 2 ? 50 : 90) * MB, start: START + 0.37 })],
  [
    'samples of a collector, which has them from a pair of others',
    (i) => ({
      rss: 50 * MB,
      labels: `{instance="a"}`,
      more: `${METRIC}{instance="a"} ${(i % 2 ? 50 : 90) * MB} 17957533930${i % 2}`,
    }),
  ],
  [
    'another number of instances in a sum',
    (i) => ({ rss: 50 * MB, labels: '{instance="a"}', more: `${METRIC}{instance="b"} ${i}` }),
  ],
];
for (const [what, one] of ONE) {
  test(`one process: ${what}`, () => assert.deepEqual(judge(answers(one)), { kind: 'one' }));
}

test('what may be either is said to be', () => {
  const back = judge(answers((i) => ({ rss: 50 * MB, cpu: i < 6 ? 9 + i : i })));
  assert.equal(back.kind, 'unsure');
  const loose = judge(answers((i) => ({ rss: ([0, 1, 5, 6, 9, 10].includes(i) ? 60 : 80) * MB + (i % 4) * 1.5 * MB })));
  assert.equal(loose.kind, 'unsure');
});

test('who answers only when several ask at once is found, too', () => {
  const first = by({ rss: 50 * MB, start: START });
  assert.equal(judge([first, first], [first, by({ rss: 50 * MB, start: START + 60 })]).kind, 'several');
});

test('a later answer: the same process, one that was started anew, another one, or a clock that was set', () => {
  const first = by({ rss: 50 * MB, start: START, cpu: 7 });
  assert.equal(changeBetween(first, by({ rss: 90 * MB, start: START + 1, cpu: 8 })), undefined);
  assert.equal(changeBetween(first, by({ rss: 20 * MB, start: START + 90, cpu: 1 }))?.isRestart, true);
  assert.equal(changeBetween(first, by({ rss: 20 * MB, start: START - 90, cpu: 1 }))?.isRestart, false);
  assert.equal(changeBetween(first, by({ rss: 50 * MB, start: START + 3600, cpu: 8 })), undefined);
  const named = by({ rss: 1, labels: '{pid="1"}' });
  assert.equal(changeBetween(named, by({ rss: 1, labels: '{pid="2"}' }))?.isRestart, false);
});

test("a container's metrics are told by somebody whose own start is nothing to us", () => {
  const page = `container_memory_working_set_bytes{name="a"} 5\nprocess_start_time_seconds 7\ncontainer_start_time_seconds{name="a"} 9\ncontainer_start_time_seconds{name="b"} 3\n`;
  const told = answeredBy(page, parseSelector('container_memory_working_set_bytes{name="a"}')!, 5);
  assert.deepEqual([...told.startedAt.values()], [9]);
});
