import { el, setText } from './dom.ts';

/** A row of numbers with their names. */
export class Figures {
  readonly element: HTMLElement;
  readonly #values: readonly HTMLElement[];

  constructor(names: readonly string[]) {
    this.#values = names.map(() => el('dd', {}, '–'));
    const pairs = names.map((name, i) => el('div', {}, el('dt', {}, name), this.#values[i]!));
    this.element = el('dl', { class: 'figures' }, ...pairs);
  }

  show(values: readonly string[]): void {
    for (const [i, value] of values.entries()) setText(this.#values[i]!, value);
  }
}
