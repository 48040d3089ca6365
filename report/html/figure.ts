import type { Chart } from '../../charts/chart.ts';
import { renderSvg, type Size } from '../../charts/render.ts';
import type { Part } from '../words/phrase.ts';
import { html, type Markup, trusted } from './markup.ts';

const SIZE: Size = { width: 620, height: 320 };

/**
 * A chart as a picture in the page, with what there is to see below it.
 *
 * @param id its own on the page; letters, digits and dashes
 * @param caption in place of the chart's own sentence
 */
export const figure = (chart: Chart, id: string, caption: Part = chart.description): Markup =>
  drawnFigure({ id, title: chart.title, svg: renderSvg(chart, SIZE, id), caption });

/** What `renderSvg` of charts/ has drawn already, under the same id. */
interface Drawn {
  readonly id: string;
  readonly title: string;
  readonly svg: string;
  readonly caption: Part;
}

export const drawnFigure = ({ id, title, svg, caption }: Drawn): Markup =>
  html`<figure id="${id}">
<h3>${title}</h3>
<div class="scroll" tabindex="0">${trusted(svg)}</div>
<figcaption>${caption}</figcaption>
</figure>
`;
