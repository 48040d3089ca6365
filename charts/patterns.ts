import { colour } from './theme.ts';

/** What a bar is told from its neighbours by, where colours can't be seen. For an `itemStyle`. */
export interface Decal {
  readonly decal?: Record<string, unknown>;
}

const common = { color: colour('surface'), dirty: false };

export const STRIPES: Decal = {
  decal: { ...common, symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 },
};

export const DOTS: Decal = {
  decal: {
    ...common,
    symbol: 'circle',
    symbolSize: 0.6,
    dashArrayX: [
      [6, 6],
      [0, 6, 6, 0],
    ],
    dashArrayY: [6, 0],
  },
};
