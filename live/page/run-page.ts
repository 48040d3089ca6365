import { formatOrUnknown } from '../../charts/chart.ts';
import { forecastChart } from '../../charts/forecast-chart.ts';
import { openingChart, rttChart } from '../../charts/latency-chart.ts';
import { ledgerChart } from '../../charts/ledger-chart.ts';
import { memoryChart } from '../../charts/memory-chart.ts';
import { retainedChart } from '../../charts/retained-chart.ts';
import { stagesChart } from '../../charts/stages-chart.ts';
import { memoryOverTimeChart, opensChart } from '../../charts/time-charts.ts';
import { humanBytes, humanCount, humanMs } from '../../core/values/units.ts';
import type { RunView, View } from '../view.ts';
import { ChartFigure } from './chart-figure.ts';
import { DOING_NAMES, doingFigures } from './doing-words.ts';
import { byId, el, setText, titledSection } from './dom.ts';
import { Figures } from './number-row.ts';
import { costText, outcomeTable, phaseSentence, receivedText, standingSentence, workerTable } from './run-sentences.ts';
import { ChangingTable } from './table.ts';

/** The figures of one leg. */
interface LegFigures {
  readonly memory: ChartFigure;
  readonly forecast: ChartFigure;
  readonly opening: ChartFigure;
  readonly rtt: ChartFigure;
  readonly retained: ChartFigure;
}

/** A run while it goes on, and after. Sections are made once; each view changes what is in them. */
export class RunPage {
  readonly kind = 'run';
  readonly #phase = el('p', { class: 'phase', 'aria-live': 'polite' });
  readonly #progress = el('progress', { 'aria-label': 'memory points measured' });
  readonly #progressText = el('p');
  readonly #figures = new Figures([
    ...['open', 'opening', 'failed', 'closed', 'opened per second', 'received per second'],
    ...['target, user memory', 'client, memory', 'since the start', 'one more costs, so far'],
    ...DOING_NAMES,
  ]);
  readonly #workers = new ChangingTable('Workers of the fleet');
  readonly #error = el('p', { class: 'note bad', role: 'alert', hidden: '' });
  readonly #standing = el('p');
  readonly #verdict = new ChangingTable('Verdict, leg by leg', 'verdict');
  readonly #outcomes = new ChangingTable('How attempts to open ended');
  readonly #ledger = new ChartFigure();
  readonly #time = new ChartFigure();
  readonly #opens = new ChartFigure();
  readonly #stages = new ChartFigure();
  readonly #legs: LegFigures[] = [];
  readonly #memoryCharts = el('div', { class: 'charts' }, this.#ledger.element);
  readonly #latencyCharts = el('div', { class: 'charts' }, this.#stages.element);
  readonly #warnings = el('ul');
  readonly #warningSection: HTMLElement;
  readonly #facts = el('ul');

  constructor(main: HTMLElement) {
    const now = titledSection('Now');
    now.body.append(
      this.#phase,
      this.#progress,
      this.#progressText,
      this.#figures.element,
      this.#workers.element,
      this.#error,
    );
    const verdict = titledSection('Verdict');
    verdict.body.append(this.#standing, this.#verdict.element);
    const warnings = titledSection('Warnings');
    warnings.body.append(this.#warnings);
    this.#warningSection = warnings.element;
    const memory = titledSection('Memory against connections');
    memory.body.append(this.#memoryCharts);
    const time = titledSection('Over time');
    time.body.append(el('div', { class: 'charts' }, this.#time.element, this.#opens.element), this.#outcomes.element);
    const latency = titledSection('How long it took');
    latency.body.append(this.#latencyCharts);
    const facts = titledSection('About this run');
    facts.body.append(this.#facts);
    const sections = [now, warnings, memory, verdict, time, latency, facts];
    main.append(...sections.map(({ element }) => element));
  }

  show(view: View): void {
    if (view.kind !== 'run') return;
    this.#showHead(view);
    this.#showNow(view);
    this.#showVerdict(view);
    this.#showCharts(view);
    this.#showNotices(view);
  }

  #showHead({ head, standing }: RunView): void {
    if (!head) return;
    setText(byId('title'), head.name);
    setText(byId('subtitle'), head.target);
    document.title = `${standing === 'running' ? '' : `${standing}: `}${head.name} · connrig`;
    list(this.#facts, [`begun ${head.startedAt}`, ...head.facts]);
  }

  #showNow(view: RunView): void {
    const { now, progress, verdict } = view;
    setText(this.#phase, phaseSentence(view));
    this.#progress.max = Math.max(1, progress.all);
    this.#progress.value = progress.done;
    const left = progress.leftMs === null ? '' : `, about ${humanMs(Math.max(1000, progress.leftMs))} left`;
    setText(this.#progressText, `${progress.done} of ${progress.all} memory points${left}`);
    this.#workers.element.hidden = !now || now.workers.length === 0;
    if (!now) return;
    this.#workers.show(workerTable(now.workers));
    const { counts, openedPerSecond, targetBytes, generatorRssBytes, elapsedMs } = now;
    this.#figures.show([
      ...[counts.open, counts.opening, counts.failed, counts.closed, openedPerSecond].map(humanCount),
      receivedText(now.received),
      ...[formatOrUnknown(targetBytes, humanBytes), humanBytes(generatorRssBytes), humanMs(elapsedMs)],
      costText(verdict, now.name),
      ...doingFigures(now.doing),
    ]);
  }

  #showVerdict({ verdict, standing }: RunView): void {
    setText(this.#standing, standingSentence(verdict, standing));
    this.#verdict.element.hidden = verdict === null || verdict.summary.legs.length === 0;
    if (!verdict) return;
    const head = ['', ...verdict.summary.legs.map(({ name }) => name)];
    this.#verdict.show({ head, rows: verdict.rows.map(({ label, cells }) => [label, ...cells]) });
  }

  #showCharts(view: RunView): void {
    const { verdict, time, phases, legs } = view;
    const series = { time, phases, legs };
    this.#time.show([time, phases], () => (time.length === 0 ? undefined : memoryOverTimeChart(series)));
    this.#opens.show([time], () => (time.length === 0 ? undefined : opensChart(series)));
    this.#outcomes.show(outcomeTable(view));
    if (!verdict) return;
    const { summary } = verdict;
    this.#ledger.show([verdict], () => ledgerChart(summary.legs));
    this.#stages.show([verdict], () => stagesChart(summary.legs));
    for (const [i, leg] of summary.legs.entries()) {
      const figures = this.#legFigures(i);
      const own = legs[i];
      figures.memory.show([verdict], () => memoryChart(leg));
      figures.forecast.show([verdict], () => forecastChart(leg, summary));
      figures.rtt.show([verdict], () => rttChart(leg));
      figures.opening.show([own], () => own && openingChart(own));
      figures.retained.show([own, verdict], () => own && retainedChart(own, leg.retained));
    }
  }

  #legFigures(index: number): LegFigures {
    while (this.#legs.length <= index) {
      const figures = {
        memory: new ChartFigure(),
        forecast: new ChartFigure(),
        opening: new ChartFigure(),
        rtt: new ChartFigure(),
        retained: new ChartFigure(),
      };
      this.#legs.push(figures);
      this.#ledger.element.before(figures.memory.element);
      this.#memoryCharts.append(figures.forecast.element, figures.retained.element);
      this.#latencyCharts.append(figures.opening.element, figures.rtt.element);
    }
    return this.#legs[index]!;
  }

  #showNotices({ notices: { warnings, troubles, error, more } }: RunView): void {
    this.#error.hidden = error === null;
    if (error) setText(this.#error, `${error.code}: ${error.message} — ${error.hint}`);
    const all = [...warnings, ...troubles, ...(more > 0 ? [`and ${humanCount(more)} more, in events.jsonl`] : [])];
    this.#warningSection.hidden = all.length === 0;
    list(this.#warnings, all);
  }
}

/** The items of a list, made anew only when they changed. */
function list(element: HTMLElement, items: readonly string[]): void {
  const shown = JSON.stringify(items);
  if (element.dataset['shown'] === shown) return;
  element.dataset['shown'] = shown;
  element.replaceChildren(...items.map((text) => el('li', {}, text)));
}
