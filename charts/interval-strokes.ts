import type { Estimate } from '../core/stats/slope.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/** Half as wide as the cap at either end of an interval, in pixels. */
const CAP = 4;

/** An interval, and the place on the other axis where it is drawn. */
export interface PlacedInterval extends Pick<Estimate, 'low' | 'high'> {
  readonly at: number;
}

/**
 * A stroke with a cap at either end for each interval.
 *
 * @param categories the axis that names are on: `x` makes strokes upright
 */
export function intervalStrokes(
  name: string,
  intervals: readonly PlacedInterval[],
  categories: 'x' | 'y',
): Extract<SeriesOption, { type?: 'custom' }> {
  const style = { stroke: colour('total'), lineWidth: 1.5 };
  return {
    silent: true,
    animation: false,
    type: 'custom',
    name,
    data: intervals.map(({ at, low }) => (categories === 'x' ? [at, low] : [low, at])),
    z: 2,
    encode: categories === 'x' ? { x: 0, y: [] } : { x: [], y: 1 },
    itemStyle: { color: colour('total') },
    renderItem: ({ dataIndex }, api) => {
      const { at, low, high } = intervals[dataIndex]!;
      const pixelsAt = (value: number): number[] => api.coord(categories === 'x' ? [at, value] : [value, at]);
      const [from = [], to = []] = [pixelsAt(low), pixelsAt(high)];
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [...from, ...to];
      const [capX, capY] = categories === 'x' ? [CAP, 0] : [0, CAP];
      const line = (ax: number, ay: number, bx: number, by: number) =>
        ({ type: 'line', shape: { x1: ax, y1: ay, x2: bx, y2: by }, style }) as const;
      return {
        type: 'group',
        children: [
          line(x1, y1, x2, y2),
          line(x1 - capX, y1 - capY, x1 + capX, y1 + capY),
          line(x2 - capX, y2 - capY, x2 + capX, y2 + capY),
        ],
      };
    },
  };
}
