import type { Chart } from '../../charts/chart.ts';
import { renderSvg, type Size } from '../../charts/render.ts';
import type { Part } from '../words/phrase.ts';
import { html, type Markup, trusted } from './markup.ts';

const SIZE: Size = { width: 620, height: 320 };
/** As wide as a telephone: what is drawn for a desk and made smaller can't be read there. */
const NARROW_WIDTH = 340;

/** A chart as pages show it: for a desk and for paper, and again for a telephone. */
export interface Drawings {
  readonly svg: string;
  readonly narrow: string;
}

/** @param id its own on the page; letters, digits and dashes */
export function drawingsOf(chart: Chart, size: Size, id: string): Drawings {
  const height = Math.min(size.height, Math.max(260, Math.round(size.height * 0.85)));
  return {
    svg: renderSvg(chart, size, id),
    // Nobody points at anything there.
    narrow: renderSvg(
      { ...chart, hover: { places: [], textAt: () => '' } },
      { width: NARROW_WIDTH, height },
      `${id}-narrow`,
    ),
  };
}

/**
 * A chart as a picture in the page, with what there is to see below it.
 *
 * @param id its own on the page; letters, digits and dashes
 * @param caption in place of the chart's own sentence
 */
export const figure = (chart: Chart, id: string, caption: Part = chart.description, size: Size = SIZE): Markup =>
  drawnFigure({ id, title: chart.title, ...drawingsOf(chart, size, id), caption });

/** What `drawingsOf` has drawn already, under the same id. */
interface Drawn extends Drawings {
  readonly id: string;
  readonly title: string;
  readonly caption: Part;
}

export const drawnFigure = ({ id, title, svg, narrow, caption }: Drawn): Markup =>
  html`<figure id="${id}">
<h3>${title}</h3>
<div class="wide">${trusted(svg)}</div>
<div class="narrow">${trusted(narrow)}</div>
<figcaption>${caption}</figcaption>
</figure>
`;
