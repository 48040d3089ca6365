import type { ChartTable } from '../../charts/chart.ts';
import { el } from './dom.ts';

/** A table that is made anew only when something in it changed. */
export class ChangingTable {
  readonly element: HTMLElement;
  readonly #table: HTMLTableElement;
  #shown = '';

  /** @param label what it holds, for who hears it */
  constructor(label: string, className = '') {
    this.#table = el('table', className === '' ? {} : { class: className });
    // Where it is wider than the page it scrolls alone, and by keyboard too.
    this.element = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, this.#table);
  }

  show({ head, rows }: ChartTable): void {
    const shown = JSON.stringify([head, rows]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const columns = head.map((text) => (text === '' ? el('td') : el('th', { scope: 'col' }, text)));
    const lines = rows.map(([first = '', ...cells]) =>
      el('tr', {}, el('th', { scope: 'row' }, first), ...cells.map((cell) => el('td', {}, cell))),
    );
    this.#table.replaceChildren(el('thead', {}, el('tr', {}, ...columns)), el('tbody', {}, ...lines));
  }
}
