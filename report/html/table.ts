import type { Part } from '../phrase.ts';
import type { TableColumn } from '../table-data.ts';
import { type Child, html, type Markup } from './markup.ts';

/** A row's own name, and what stands beside it; links may be among it. */
interface HtmlRow {
  readonly head: Child;
  readonly cells: readonly Child[];
}

/**
 * A table that says what it is about. Where it is wider than the page it scrolls alone, and by keyboard too.
 *
 * @param columns the first one heads the rows; as many cells as further columns
 */
export function table(caption: Part, columns: readonly TableColumn[], rows: readonly HtmlRow[]): Markup {
  const [first, ...others] = columns;
  const alignment = (i: number): string => (others[i]?.words ? 'words' : 'number');
  return html`<div class="scroll" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${first ? headOf(first, 'words') : ''}${others.map((column, i) => headOf(column, alignment(i)))}</tr></thead>
<tbody>
${rows.map(
  ({ head, cells }) =>
    html`<tr><th scope="row">${head}</th>${cells.map((cell, i) => html`<td class="${alignment(i)}">${cell}</td>`)}</tr>
`,
)}</tbody>
</table></div>
`;
}

const headOf = ({ title, unit }: TableColumn, alignment: string): Child =>
  title === ''
    ? html`<td class="${alignment}"></td>`
    : html`<th scope="col" class="${alignment}">${title}${unit === undefined ? '' : html` <small>(${unit})</small>`}</th>`;
