import type { Chart } from '../../charts/chart.ts';
import { type EChart, init } from '../../charts/echarts.ts';
import { el, setText } from './dom.ts';
import { ChangingTable } from './table.ts';

/** A chart isn't drawn more often than that. */
const DRAW_EVERY_MS = 1000;

/** One chart with its title, its sentence and its numbers. Drawn when it can be seen and something changed. */
export class ChartFigure {
  readonly element: HTMLElement;
  readonly #title = el('h3');
  readonly #place = el('div', { class: 'chart', role: 'img' });
  readonly #caption = el('figcaption');
  readonly #details = el('details', {}, el('summary', {}, 'Numbers'));
  #table: ChangingTable | undefined;
  #chart: EChart | undefined;
  #shown: Chart | undefined;
  #inputs: readonly unknown[] = [];
  #timer: number | undefined;
  #drawnAtMs = 0;

  constructor() {
    this.element = el('figure', { hidden: '' }, this.#title, this.#place, this.#caption, this.#details);
    this.#details.addEventListener('toggle', () => this.#showTable());
    new ResizeObserver(() => this.#drawSoon(0)).observe(this.#place);
  }

  /**
   * Shows what `make` makes of the inputs, when they are others than last time.
   *
   * @param make undefined: there is nothing to be drawn yet
   */
  show(inputs: readonly unknown[], make: () => Chart | undefined): void {
    if (inputs.length === this.#inputs.length && inputs.every((input, i) => input === this.#inputs[i])) return;
    this.#inputs = inputs;
    this.#shown = make();
    this.element.hidden = this.#shown === undefined;
    if (!this.#shown) return;
    const { title, description } = this.#shown;
    setText(this.#title, title);
    setText(this.#caption, description);
    this.#place.setAttribute('aria-label', `${title}. ${description}`);
    this.#drawSoon(Math.max(0, this.#drawnAtMs + DRAW_EVERY_MS - performance.now()));
  }

  #drawSoon(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      // A page in the background draws when it is looked at again.
      requestAnimationFrame(() => this.#draw());
    }, delayMs);
  }

  #draw(): void {
    const shown = this.#shown;
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (!shown || width === 0) return;
    this.#drawnAtMs = performance.now();
    this.#chart ??= init(this.#place, null, { renderer: 'svg' });
    this.#chart.resize({ width, height });
    // The series are replaced, the rest stays as it is, so that what is said beside the pointer isn't lost.
    this.#chart.setOption(shown.option(width), { replaceMerge: ['series', 'xAxis', 'yAxis'] });
    this.#showTable();
  }

  #showTable(): void {
    if (!this.#details.open || !this.#shown) return;
    if (!this.#table) {
      this.#table = new ChangingTable(`Numbers: ${this.#shown.title}`);
      this.#details.append(this.#table.element);
    }
    this.#table.show(this.#shown.table);
  }
}
