import { createHash } from 'node:crypto';

/**
 * Lets a reader sort the table that is called `data-sortable` by any column, and show only rows of one target, protocol or
 * ending. It makes its own buttons and lists: where no script may run, there is a plain table and nothing that does nothing.
 * What a row is sorted by is the exact value beside what people read.
 */
export const SORTING = `'use strict';
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const valueOf = (cell) => {
    const exact = cell.querySelector('data');
    return exact ? Number(exact.value) : cell.textContent.trim();
  };
  const compare = (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : typeof a === 'number' ? -1 : typeof b === 'number' ? 1 : a < b ? -1 : a > b ? 1 : 0;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const isUp = head.getAttribute('aria-sort') === 'ascending';
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', isUp ? 'descending' : 'ascending');
      const order = [...body.rows].sort((a, b) => compare(valueOf(a.cells[column]), valueOf(b.cells[column])) * (isUp ? -1 : 1));
      body.append(...order);
    });
  });
  const filters = document.createElement('p');
  filters.className = 'filters';
  const lists = ['target', 'protocol', 'ended'].map((name) => {
    const list = document.createElement('select');
    const values = [...new Set(rows.map((row) => row.dataset[name]))].filter(Boolean).sort();
    list.append(new Option('all', ''), ...values.map((value) => new Option(value, value)));
    const label = document.createElement('label');
    label.append(name + ' ', list);
    filters.append(label, ' ');
    return { name, list };
  });
  const left = document.createElement('span');
  left.setAttribute('role', 'status');
  filters.append(left);
  const show = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = lists.some(({ name, list }) => list.value !== '' && row.dataset[name] !== list.value);
      if (!row.hidden) shown += 1;
    }
    left.textContent = shown === rows.length ? '' : shown + ' of ' + rows.length + ' rows';
  };
  for (const { list } of lists) list.addEventListener('change', show);
  table.parentElement.before(filters);
}
`;

/** What a page's policy names so that this script may run, and no other. */
export const cspHash = (script: string): string => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
