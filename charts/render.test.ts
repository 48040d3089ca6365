import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { LegSummary } from '../core/schemas/leg-summary.ts';
import { seriesOf } from '../report/fold/series.ts';
import { summarize } from '../report/fold/summarize.ts';
import { climb, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import type { Chart } from './chart.ts';
import { componentBarsChart } from './component-bars-chart.ts';
import { forecastChart } from './forecast-chart.ts';
import { forestChart } from './forest-chart.ts';
import { openingChart } from './latency-chart.ts';
import { ledgerChart } from './ledger-chart.ts';
import { memoryChart } from './memory-chart.ts';
import { outcomesChart } from './outcomes-chart.ts';
import { renderSvg, svgFile } from './render.ts';
import { retainedChart } from './retained-chart.ts';
import { memoryOverTimeChart, opensChart } from './time-charts.ts';
import { trendChart } from './trend-chart.ts';

const ticks = Array.from({ length: 40 }, (_, i) => tick(500, progressOf(i * 10).counts, { elapsedMs: i * 200 }));
const record = { run: runFile(), samples: [...ticks, ...climb(5000)], events: [], problems: [] };
const summary = summarize(record);
const series = seriesOf(record);
const leg = summary.legs[0]!;
const drains = [0, 1, 2].map((cycle) => ({ cycle, closedConnections: 3000 * cycle, bytes: 4e7 + 1e6 * cycle }));

const CHARTS: Readonly<Record<string, Chart | undefined>> = {
  memory: memoryChart(leg),
  forecast: forecastChart(leg, summary),
  ledger: ledgerChart(summary.legs),
  opening: openingChart(series.legs[0]!),
  retained: retainedChart({ ...series.legs[0]!, drains }, leg.retained),
  time: memoryOverTimeChart(series),
  opens: opensChart(series),
  outcomes: outcomesChart([{ ...leg, outcomes: { ...leg.outcomes, refused: 12 } }]),
  differences: forestChart(
    'ws: differences from A',
    [
      { label: 'B, all of it', difference: { bytes: 900, low: 100, high: 1700, percent: 9, word: 'dearer' } },
      {
        label: 'C, all of it',
        difference: { bytes: -10, low: -800, high: 780, percent: 0, word: 'no difference shown' },
      },
    ],
    { bytes: 500, label: '5 % of what A costs' },
  ),
  parts: componentBarsChart(
    'ws: part by part',
    ['A', 'B'],
    [
      {
        label: 'open file',
        values: [
          { bytes: 256, interval: null },
          { bytes: 300, interval: { bytes: 300, low: 280, high: 320 } },
        ],
      },
    ],
  ),
  trend: trendChart(
    'builtin, ws',
    [1, 2].map((at) => ({ label: String(at), bytes: 5000, low: 4000, high: 6000 })),
  ),
};

for (const [name, chart] of Object.entries(CHARTS)) {
  test(`${name}: drawn again it is the same, byte for byte, whatever was drawn before`, () => {
    const once = renderSvg(chart!, { width: 600, height: 320 }, 'a');
    renderSvg(memoryChart(leg), { width: 500, height: 300 }, 'b');
    assert.equal(renderSvg(chart!, { width: 600, height: 320 }, 'a'), once);
  });

  for (const width of [300, 900]) {
    test(`${name}: nothing in ${width} pixels runs, styles, or has a colour of its own`, () => {
      const svg = renderSvg(chart!, { width, height: 320 }, 'a');
      assert.doesNotMatch(svg, /<style|<script|style=|class=|onload|ecmeta_|NaN|undefined|zr\d/);
      const paints = [...svg.matchAll(/ (?:fill|stroke)="([^"]*)"/g)].map((match) => match[1]!);
      // What is clipped or invisible has colours that are never seen.
      const bare = paints.filter((paint) => !/^(var\(--chart-|none|transparent|url\(#a-)/.test(paint));
      assert.deepEqual(
        [...new Set(bare)].filter((paint) => !INVISIBLE.has(paint)),
        [],
      );
      assert.ok(svg.includes(`viewBox="0 0 ${width} 320"`));
    });
  }

  test(`${name}: it is XML, as a file of its own too`, () => {
    const size = { width: 600, height: 320 };
    const drawn = renderSvg(chart!, size, 'a');
    for (const svg of [drawn, svgFile(drawn, size)]) {
      const rest = svg.replace(/<style>[^<]*<\/style>|<\/?[a-zA-Z]+(?: [\w:-]+="[^"<]*")*\s?\/?>/g, '');
      assert.doesNotMatch(rest, /[<>"]|&(?!amp;|lt;|gt;|quot;|#\d+;)/);
      for (const [tag] of svg.matchAll(/<[a-zA-Z]+ [^>]*>/g)) {
        const names = [...tag.matchAll(/ ([\w:-]+)="/g)].map(([, attribute]) => attribute);
        assert.equal(new Set(names).size, names.length, tag);
      }
    }
  });

  test(`${name}: it has a name and a description, and a table whose rows are as long as its head`, () => {
    const { title, description, table } = chart!;
    assert.match(
      renderSvg(chart!, { width: 600, height: 320 }, 'a'),
      /^<svg role="img" aria-labelledby="a-title" aria-describedby="a-desc" /,
    );
    assert.ok(title.length > 5 && description.length > 5);
    assert.ok(table.rows.length > 0);
    for (const row of table.rows) assert.equal(row.length, table.head.length);
  });
}
const INVISIBLE: ReadonlySet<string> = new Set(['#000', 'rgb(0,0,0)', '#fff']);

test('a pointer is told the values of the place where it rests, by the picture alone', () => {
  const svg = renderSvg(CHARTS['memory']!, { width: 600, height: 320 }, 'a');
  const stripes = [
    ...svg.matchAll(/<rect x="(\d+)" y="0" width="(\d+)" height="320" fill="transparent"><title>([^<]*)</g),
  ];
  assert.deepEqual(
    stripes.map(([, , , text]) => text!.split('\n')[0]),
    leg.levels.map(({ open }) => `${open.toLocaleString('en')} open`),
  );
  // They lie side by side, and nothing of the chart is left out.
  const ends = stripes.map(([, from, width]) => [Number(from), Number(from) + Number(width)]);
  assert.equal(ends[0]![0], 0);
  assert.equal(ends.at(-1)![1], 600);
  for (const [i, [from]] of ends.slice(1).entries()) assert.equal(from, ends[i]![1]);
  assert.match(renderSvg(CHARTS['ledger']!, { width: 600, height: 320 }, 'a'), /<title>ws: [^<]*\nheap in use: /);
});

test('no chart says that all attempts opened', () => assert.equal(outcomesChart([leg]), undefined));

test('a forecast says how far it goes beyond what was measured', () => {
  const [one] = summary.forecast;
  const svg = renderSvg(CHARTS['forecast']!, { width: 600, height: 320 }, 'a');
  assert.ok(svg.includes('measured, up to 3k'), svg);
  assert.ok(svg.includes(`${one!.extrapolation.toFixed(1)} ×`));
  assert.ok(CHARTS['forecast']!.description.includes(`${one!.extrapolation.toFixed(1)} × what was measured`));
});

test('texts are escaped', () => {
  const svg = renderSvg(
    { ...CHARTS['memory']!, title: '<script>alert("&")</script>' },
    { width: 300, height: 200 },
    'a',
  );
  assert.ok(svg.includes('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;'));
});

test('points of the memory chart are the levels, and the line goes through them', () => {
  const { series: drawn } = memoryChart(leg).option(600) as { series: Array<{ name: string; data: unknown[] }> };
  const dataOf = (name: string): unknown => drawn.find((one) => one.name === name)?.data;
  assert.deepEqual(
    dataOf('user and kernel'),
    leg.levels.map(({ open, bytes }) => [open, bytes.total]),
  );
  const [line] = leg.fit!.lines;
  const bytesAt = (open: number): number => line!.interceptBytes + line!.bytesPerConnection * open;
  assert.deepEqual(dataOf('fitted line'), [
    [0, bytesAt(0)],
    [3000, bytesAt(3000)],
    [3000, null],
  ]);
  // Levels on an exact line: the others put the top one where it is.
  assert.deepEqual(dataOf('top level by the others'), [[3000, leg.levels.at(-1)!.bytes.total]]);
});

test('a step leaves a gap in the line, a knee none', () => {
  const line = leg.fit!.lines[0]!;
  const drawn = (above: typeof line): Array<[number, number | null]> => {
    const bent: LegSummary = { ...leg, fit: { ...leg.fit!, lines: [line, above] } };
    const { series: all } = memoryChart(bent).option(600) as { series: Array<{ name: string; data: never }> };
    return all.find(({ name }) => name === 'fitted line')!.data;
  };
  const step = drawn({ ...line, fromOpen: 1501, interceptBytes: line.interceptBytes + 1e6 });
  assert.deepEqual(
    step.map(([open, bytes]) => [open, bytes === null]),
    [
      [0, false],
      [1500, false],
      [1500, true],
      [1501, false],
      [3000, false],
      [3000, true],
    ],
  );
});

test('every place where the line bends is marked, by what it is', () => {
  const line = leg.fit!.lines[0]!;
  const lines = [line, { ...line, fromOpen: 1001 }, { ...line, fromOpen: 2000, bytesPerConnection: 9999 }];
  const { series: drawn } = memoryChart({ ...leg, fit: { ...leg.fit!, lines } }).option(600) as {
    series: Array<{ markLine?: { data: Array<{ xAxis: number; label: { formatter: string } }> } }>;
  };
  const marks = drawn.flatMap(({ markLine }) => markLine?.data ?? []);
  assert.deepEqual(
    marks.map(({ xAxis, label }) => [xAxis, label.formatter]),
    [
      [1001, 'step at 1001'],
      [2000, 'knee at 2k'],
    ],
  );
});

test('a leg without a memory point has a chart without one, and says so', () => {
  const bare: LegSummary = { ...leg, levels: [], fit: null, perConnection: null };
  assert.match(memoryChart(bare).description, /No level/);
  renderSvg(memoryChart(bare), { width: 300, height: 200 }, 'a');
  assert.equal(forecastChart(bare, summary), undefined);
  assert.equal(ledgerChart([bare]), undefined);
});

test('opens per second are those between two moments of one leg', () => {
  const point = { launch: 0, open: 0, opening: 0, failed: 0, closed: 0, targetBytes: null };
  const time = [
    { ...point, leg: 0, elapsedMs: 0, opened: 0 },
    { ...point, leg: 0, elapsedMs: 500, opened: 400, failed: 10 },
    { ...point, leg: 1, elapsedMs: 1000, opened: 0 },
    { ...point, leg: 1, elapsedMs: 1500, opened: 50 },
  ];
  const chart = opensChart({ time, phases: [], legs: [] });
  const drawn = chart.option(600) as { series: Array<{ data: unknown }> };
  assert.deepEqual(drawn.series[0]!.data, [
    [500, 800],
    [1000, null],
    [1500, 100],
  ]);
  assert.match(chart.description, /800 connections were opened in a second, and at most 20 failed/);
});

test('a process that has drawn a chart ends by itself', () => {
  const render = new URL('./render.js', import.meta.url);
  const code = `import('${render}').then(({ renderSvg }) => console.log(renderSvg({ title: 't', description: 'd', hover: { places: [] }, option: () => ({ xAxis: {}, yAxis: {}, series: [] }) }, { width: 100, height: 100 }, 'a').length > 100))`;
  const { status, stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, stdout], [0, 'true\n']);
});
