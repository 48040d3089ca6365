import type { Progress } from '../client/progress.ts';
import { humanBytes, humanCount } from '../core/values/units.ts';
import { dots, type Point } from './braille-plot.ts';

const ROWS = 6;
const COLUMNS = 48;
/** Room for the scale on the left, as wide as `1,023.9 MiB`. */
const SCALE = 11;
/** Below this a plot would leave no room for what else is on the screen. */
export const PLOT_NEEDS = { columns: 80, rows: 20 };

/** The target's RAM against open connections while a leg climbs, in characters. */
export interface LivePlot {
  add(progress: Progress): void;
  /** Lines of the plot, its axis last; none before there is something to see. */
  lines(): string[];
}

/** As many points are kept as dots lie side by side: memory is bounded however long a run takes. */
export function livePlot(): LivePlot {
  const bytesAt = new Map<number, Point>();
  let shown = { leg: -1, peak: 1 };
  return {
    add({ leg, peak, phase, counts, targetBytes }) {
      // Another leg, or another step of a search.
      if (leg !== shown.leg || peak !== shown.peak) bytesAt.clear();
      shown = { leg, peak };
      if (targetBytes === null || !CLIMBING.has(phase)) return;
      bytesAt.set(Math.round((counts.open / peak) * COLUMNS * 2), { x: counts.open, y: targetBytes });
    },
    lines() {
      if (bytesAt.size < 2) return [];
      const points = [...bytesAt.values()];
      const yMost = points.reduce((most, { y }) => Math.max(most, y), 1);
      const rows = dots(points, { xMost: shown.peak, yMost }, { columns: COLUMNS, rows: ROWS });
      const scale = (row: number): string => (row === 0 ? humanBytes(yMost) : row === ROWS - 1 ? '0' : '');
      const top = humanCount(shown.peak);
      return [
        ...rows.map((row, i) => `${scale(i).padStart(SCALE)} │${row}`),
        `${' '.repeat(SCALE)} └0${top.padStart(COLUMNS - 1, '─')} open`,
      ];
    },
  };
}

const CLIMBING: ReadonlySet<Progress['phase']> = new Set(['baseline', 'ramp', 'talk', 'settle', 'hold']);
