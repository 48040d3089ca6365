import { type ForestRow, forestChart } from '../../charts/forest-chart.ts';
import { componentLabel, ledgerChart } from '../../charts/ledger-chart.ts';
import type { Size } from '../../charts/render.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { VariantPartName, VariantResult } from '../../core/schemas/variants.ts';
import { type Drawings, drawingsOf } from '../html/figure.ts';
import type { Part } from '../words/phrase.ts';

/** A chart of the variants, drawn once for page and file. */
export interface DrawnVariants extends Drawings {
  readonly id: string;
  /** In the folder of the variants. */
  readonly file: string;
  readonly size: Size;
  readonly title: string;
  readonly caption: Part;
}

const WIDTH = 640;
/** Differences in these are drawn in any case, those in rows of the ledger where one is shown. */
const SUMS = ['total', 'user', 'kernel'] as const;

/** A chart's own sentence says every number, as the tables do. */
const PARTS_CAPTION = 'The parts of a bar sum to the cost.';
const DIFFERENCE_CAPTION = 'Where the interval crosses the line at 0 no difference is shown.';

/** What a sum or a row of the ledger is called. */
export const partLabel = (part: VariantPartName): string => (isSum(part) ? SUM_LABELS[part] : componentLabel(part));

const SUM_LABELS = {
  total: 'one more connection',
  user: 'in user space',
  kernel: 'in the kernel',
  charged: 'charged to its cgroup',
} as const;

export const isSum = (part: VariantPartName): part is keyof typeof SUM_LABELS => part in SUM_LABELS;

/** The parts of each variant as a bar, then the differences to the base: of the sums, and of each row in which one is shown. */
export function variantCharts(
  variants: readonly VariantResult[],
  legs: ReadonlyArray<LegSummary | null>,
): DrawnVariants[] {
  const known = legs.filter((leg) => leg !== null);
  const bars = ledgerChart(known);
  const [base, ...others] = variants;
  const shown = [...new Set(variants.flatMap(({ parts }) => parts.filter(isShown).map(({ part }) => part)))];
  const drawn = [...SUMS, ...shown.filter((part) => !isSum(part))].flatMap((part): DrawnVariants[] => {
    const rows = others.flatMap(({ name, parts }): ForestRow[] => {
      const difference = parts.find((one) => one.part === part)?.difference ?? null;
      return difference === null ? [] : [{ label: name, difference }];
    });
    if (rows.length === 0) return [];
    const title = `${partLabel(part)}: differences from ${base!.name}`;
    return [draw(`difference-${part}`, forestChart(title, rows, null), rows.length, DIFFERENCE_CAPTION)];
  });
  return [...(bars ? [draw('parts', bars, 1.4 * known.length, PARTS_CAPTION)] : []), ...drawn];
}

const isShown = ({ difference }: VariantResult['parts'][number]): boolean =>
  difference !== null && difference.word !== 'no difference shown';

function draw(id: string, chart: Parameters<typeof drawingsOf>[0], rows: number, caption: string): DrawnVariants {
  const size = { width: WIDTH, height: Math.round(120 + 28 * rows) };
  const { title } = chart;
  return { id, file: `charts/${id}.svg`, size, title, caption, ...drawingsOf(chart, size, id) };
}
