import { type Line, lineAt, predictAt } from '../core/stats/predict.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/**
 * The interval of prediction between two numbers of connections, as a shape behind everything else.
 *
 * @param spacing evenly, or by equal factors for a logarithmic axis
 */
export function bandSeries(
  name: string,
  lines: readonly Line[],
  from: number,
  to: number,
  samples: number,
  spacing: 'even' | 'factors' = 'even',
): SeriesOption {
  const places = Array.from({ length: samples + 1 }, (_, i) =>
    spacing === 'even' ? from + ((to - from) * i) / samples : from * (to / from) ** (i / samples),
  );
  const estimates = places.map((open) => ({ open, ...predictAt(lineAt(lines, open), open) }));
  // Below 0, and on a logarithmic axis at 0, there is nothing to be drawn.
  const floor = spacing === 'even' ? 0 : 1;
  const outline = [
    ...estimates.map(({ open, high }) => [open, Math.max(floor, high)] as const),
    ...estimates.toReversed().map(({ open, low }) => [open, Math.max(floor, low)] as const),
  ];
  return {
    silent: true,
    animation: false,
    type: 'custom',
    name,
    data: [[from, 0]],
    clip: true,
    z: 0,
    encode: { x: 0, y: [] },
    itemStyle: { color: colour('band') },
    renderItem: (_, api) => ({
      type: 'polygon',
      shape: { points: outline.map(([open, bytes]) => api.coord([open, bytes])) },
      style: { fill: colour('band'), opacity: 0.6 },
    }),
  };
}
