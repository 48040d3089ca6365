import { lines, stacked } from '../panels.ts';
import { MEMORY, POINTS } from '../queries/run.ts';
import { scatter } from '../scatter.ts';

/** Against connections, over time, and what one more costs. */
export const memory = [
  scatter(
    {
      title: 'Memory against connections',
      description:
        'Dots: readings at levels, garbage collected where the target can. Line: least squares. User memory is absolute, kernel memory its growth.',
      unit: 'bytes',
      width: 24,
      height: 12,
    },
    Object.values(POINTS).map(({ open, total, user, kernel, line }) => ({
      x: open,
      dots: [total, user, kernel],
      lines: [line],
    })),
  ),
  stacked({
    title: 'Memory in parts',
    description:
      "The target's memory now, in parts that sum to the whole. Unexplained: growth of the machine that no part explains, beside them.",
    unit: 'bytes',
    width: 16,
    height: 10,
    queries: [MEMORY.components, MEMORY.unexplained, MEMORY.connections],
  })
    .overrideByName('unexplained', [
      { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } },
    ])
    .overrideByRegexp('/ connections$/', [
      { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.lineWidth', value: 2 },
      { id: 'custom.axisPlacement', value: 'right' },
      { id: 'unit', value: 'short' },
    ]),
  lines({
    title: 'Cost of one more, as levels come in',
    description: 'The estimate with its interval, and the least-squares slope.',
    unit: 'bytes',
    width: 8,
    height: 10,
    queries: [MEMORY.cost, MEMORY.slope],
  }),
];
