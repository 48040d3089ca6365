import { type Part, plain } from '../words/phrase.ts';
import type { Table, TableColumn } from '../words/table.ts';
import { html, Markup, trusted } from './markup.ts';

/** The head of a row may be a link here. */
interface HtmlTable extends Omit<Table, 'rows'> {
  readonly rows: ReadonlyArray<{
    readonly head: Part | Markup;
    readonly cells: readonly Part[];
    /** What rows are chosen by, see sorting.ts. */
    readonly of?: Readonly<Record<'target' | 'protocol' | 'ended', string>>;
  }>;
}

/**
 * A table that says what it is about. Where it is wider than the page it scrolls alone, and by keyboard too; one that is
 * stacked shows its rows below each other on a telephone, each cell with its head.
 */
export function table({ caption, columns, rows }: HtmlTable, look: 'wide' | 'stacked' = 'wide'): Markup {
  const [first, ...others] = columns;
  const alignment = (i: number): string => (others[i]?.words ? 'words' : 'number');
  const isStacked = look === 'stacked';
  return html`<div class="scroll" tabindex="0">${trusted(rows.some(({ of }) => of) ? `<table class="${look}" data-sortable>` : `<table class="${look}">`)}
<caption>${caption}</caption>
<thead><tr>${first ? headOf(first, 'words') : ''}${others.map((column, i) => headOf(column, alignment(i)))}</tr></thead>
<tbody>
${rows.map(
  ({ head, cells, of }) =>
    html`${rowStart(of)}${rowHead(head)}${cells.map((cell, i) => {
      const kind = `${alignment(i)} ${kindOf(cell)}`;
      return isStacked
        ? html`<td class="${kind}" data-head="${plain(others[i]?.title ?? '')}">${cell}</td>`
        : html`<td class="${kind}">${cell}</td>`;
    })}</tr>
`,
)}</tbody>
</table></div>
`;
}

const rowStart = (of: HtmlTable['rows'][number]['of']): Markup =>
  of ? html`<tr data-target="${of.target}" data-protocol="${of.protocol}" data-ended="${of.ended}">` : html`<tr>`;

/** The same, closed until somebody wants to see it; open on paper. */
export const foldedTable = (shown: HtmlTable): Markup =>
  html`<details><summary>${shown.caption}</summary>\n${table(shown)}</details>\n`;

/** Two spaces before a head say that it is a part of the row above. */
function rowHead(head: Part | Markup): Markup {
  const depth = head instanceof Markup ? 0 : plain(head).search(/\S|$/) / 2;
  return html`<th scope="row" class="${`in-${depth} ${kindOf(head)}`}">${head}</th>`;
}

/** More characters than this make a cell a text, which needs room; fewer than that make it a name, which stays in a line. */
const [TEXT, NAME] = [90, 18];
function kindOf(cell: Part | Markup): string {
  const { length } = cell instanceof Markup ? '' : plain(cell);
  return length > TEXT ? 'text' : length > NAME ? 'long' : 'short';
}

const headOf = ({ title, unit }: TableColumn, alignment: string): Markup =>
  title === ''
    ? html`<td class="${alignment}"></td>`
    : html`<th scope="col" class="${alignment}">${title}${unit === undefined ? '' : html` <small>(${unit})</small>`}</th>`;
