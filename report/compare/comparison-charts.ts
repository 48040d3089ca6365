import type { Chart } from '../../charts/chart.ts';
import { compareChart } from '../../charts/compare-chart.ts';
import { componentBarsChart, MOST_RUNS } from '../../charts/component-bars-chart.ts';
import { type ForestRow, forestChart } from '../../charts/forest-chart.ts';
import { componentLabel } from '../../charts/ledger-chart.ts';
import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { allowedGrowthBytes } from '../../core/stats/difference.ts';
import { figure } from '../html/figure.ts';
import type { Markup } from '../html/markup.ts';
import { COSTS, type ComparedLeg, type ComparedRun } from './comparison.ts';

const WIDTH = 640;
/** Lines over each other that can still be told apart. */
const MOST_LINES = 12;
/** With more runs only the cost itself is set against the first: three rows for each would be a list. */
const FEW_RUNS = 8;
const PARTS = { total: 'all of it', user: 'in user space', kernel: 'in the kernel', charged: 'charged to its cgroup' };

/** A leg of all runs: differences to the first, part by part, and memory against connections. */
export function chartsOf(compared: ComparedLeg, runs: readonly ComparedRun[], maxGrowthPercent: number): Markup[] {
  const { name, legs } = compared;
  const drawn = legs.flatMap((leg, i) => {
    const { letter, summary } = runs[i]!;
    return leg && leg.levels.length > 0 ? [{ label: `${letter}: ${summary.name}`, leg }] : [];
  });
  return [
    ...sized(`difference-${name}`, differences(compared, runs, maxGrowthPercent)),
    ...sized(`parts-${name}`, parts(compared, runs)),
    ...(drawn.length === 0 ? [] : [figure(compareChart(name, drawn.slice(0, MOST_LINES)), `memory-${name}`)]),
  ];
}

interface Rows {
  readonly chart: Chart;
  readonly rows: number;
}

/** As high as what is in it needs. */
const sized = (id: string, made: Rows | null): Markup[] =>
  made === null ? [] : [figure(made.chart, id, undefined, { width: WIDTH, height: 110 + 28 * made.rows })];

function differences(
  { name, parts: all }: ComparedLeg,
  runs: readonly ComparedRun[],
  maxGrowthPercent: number,
): Rows | null {
  const costs = all.filter(({ part }) => (COSTS as readonly string[]).includes(part));
  // What there is of the cost: the whole, else a part.
  const [main] = costs;
  if (!main) return null;
  const shown = runs.length > FEW_RUNS ? [main] : costs;
  const rows = runs.slice(1).flatMap(({ letter }, i): ForestRow[] =>
    shown.flatMap(({ part, values }) => {
      const difference = values[i + 1]?.difference ?? null;
      return difference === null ? [] : [{ label: `${letter}, ${PARTS[part as keyof typeof PARTS]}`, difference }];
    }),
  );
  const before = main.values[0]?.bytes;
  if (rows.length === 0 || before === undefined) return null;
  const [first] = runs;
  const allowed = {
    bytes: allowedGrowthBytes(before, maxGrowthPercent),
    label: `${maxGrowthPercent} % of what ${first!.letter} costs`,
  };
  return { chart: forestChart(`${name}: differences from ${first!.letter}`, rows, allowed), rows: rows.length };
}

function parts({ name, parts: all }: ComparedLeg, runs: readonly ComparedRun[]): Rows | null {
  if (runs.length > MOST_RUNS) return null;
  const rows = LEDGER_COMPONENTS.filter((part) => part !== 'unexplained').flatMap((component) => {
    const values = all.find(({ part }) => part === component)?.values ?? [];
    const isThere = values.some((value) => value !== null && Math.abs(value.bytes) >= 1);
    return isThere ? [{ label: componentLabel(component), values }] : [];
  });
  if (rows.length === 0) return null;
  const chart = componentBarsChart(
    `${name}: one more connection, part by part`,
    runs.map(({ letter, summary }) => `${letter}: ${summary.name}`),
    rows,
  );
  return { chart, rows: 1.5 * rows.length };
}
