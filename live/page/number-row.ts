import { el, setText } from './dom.ts';

/** A row of numbers with their names. */
export class Figures {
  readonly element: HTMLElement;
  readonly #values: readonly HTMLElement[];
  readonly #pairs: readonly HTMLElement[];

  constructor(names: readonly string[]) {
    this.#values = names.map(() => el('dd', {}, '–'));
    this.#pairs = names.map((name, i) => el('div', {}, el('dt', {}, name), this.#values[i]!));
    this.element = el('dl', { class: 'figures' }, ...this.#pairs);
  }

  /** @param values undefined: nothing to show, not even its name */
  show(values: ReadonlyArray<string | undefined>): void {
    for (const [i, value] of values.entries()) {
      this.#pairs[i]!.hidden = value === undefined;
      if (value !== undefined) setText(this.#values[i]!, value);
    }
  }
}
