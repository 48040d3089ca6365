import type { Writable } from 'node:stream';
import type { Progress } from '../client/progress.ts';
import { humanBytes, humanCount, humanInterval, humanMs } from '../core/values/units.ts';
import { livePlot, PLOT_NEEDS } from './live-plot.ts';

/** Lines for what isn't a terminal that can be written over: no more of them than one in this time. */
const PLAIN_EVERY_MS = 10_000;

/** Shows where a run is: rewritten in place on a terminal, with a plot where there is room; plain lines elsewhere. Never in colour. */
export interface LiveLine {
  show(progress: Progress): void;
  /** A sentence of its own, above the line. */
  note(text: string): void;
  end(): void;
}

/** A stream that may be a terminal; a resized one tells its new size. */
type Out = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** @param env its `TERM=dumb` is a terminal whose cursor goes one way only */
export function liveLine(out: Out, env: Readonly<Record<string, string | undefined>> = {}): LiveLine {
  return out.isTTY && env['TERM'] !== 'dumb' ? rewritten(out) : plain(out);
}

export const silentLine: LiveLine = { show() {}, note() {}, end() {} };

function rewritten(out: Out): LiveLine {
  const plot = livePlot();
  let shown: string[] = [];
  /** To the first line shown, and everything from there on gone. */
  const clear = (): string => `\r${shown.length > 1 ? `\u001b[${shown.length - 1}A` : ''}\u001b[J`;
  return {
    show(progress) {
      const { columns = 80, rows = 24 } = out;
      plot.add(progress);
      const above = columns >= PLOT_NEEDS.columns && rows >= PLOT_NEEDS.rows ? plot.lines() : [];
      const lines = [...above, textWithin(Math.max(20, columns - 1), progress)];
      out.write(`${clear()}${lines.join('\n')}`);
      shown = lines;
    },
    note: (text) => out.write(`${clear()}${text}\n${shown.join('\n')}`),
    end() {
      if (shown.length > 0) out.write(clear());
      shown = [];
    },
  };
}

function plain(out: Writable): LiveLine {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      if (progress.elapsedMs - lastMs < PLAIN_EVERY_MS) return;
      lastMs = progress.elapsedMs;
      out.write(`${textWithin(Number.POSITIVE_INFINITY, progress)}\n`);
    },
    note: (text) => out.write(`${text}\n`),
    end() {},
  };
}

/** As much as there is room for. Where the run is and how long it still takes come before all else, then the cost. */
function textWithin(columns: number, progress: Progress): string {
  const texts = textsOf(progress);
  return texts.find(({ length }) => length <= columns) ?? texts.at(-1)!.slice(0, columns);
}

/** From the longest to the shortest. */
function textsOf(progress: Progress): string[] {
  const { launch, launches, name, phase, level, counts, openedPerSecond, targetBytes, cost, sharesLost, leftMs } =
    progress;
  const { opening, open, failed, closed } = counts;
  const place = `${name} ${phase}${level > 0 ? ` ${humanCount(level)}` : ''}`;
  const [where, short] =
    launches > 1
      ? [`launch ${launch + 1} of ${launches}: ${place}`, `${launch + 1}/${launches} ${place}`]
      : [place, place];
  const counted = `opening ${humanCount(opening)}, open ${humanCount(open)}, failed ${humanCount(failed)}, closed ${humanCount(closed)}`;
  const brief = `open ${humanCount(open)}${failed > 0 ? `, failed ${humanCount(failed)}` : ''}`;
  const pace = `${humanCount(openedPerSecond)}/s`;
  const target = targetBytes === null ? 'target –' : `target ${humanBytes(targetBytes)}`;
  const costs = cost === null ? [] : [`one more ${humanInterval(cost.bytes, cost.low, cost.high)}`];
  const lost = sharesLost === 0 ? [] : [`${sharesLost} ${sharesLost === 1 ? 'share' : 'shares'} of the fleet lost`];
  const left = `about ${humanMs(Math.max(1000, leftMs)).replace(/\.\d+ s$/, ' s')} left`;
  return [
    [where, ...lost, counted, pace, target, ...costs, left],
    [where, ...lost, brief, pace, target, ...costs, left],
    [short, ...lost, brief, ...costs, left],
    [short, ...lost, ...costs, left],
    [place, ...lost, ...costs, left],
    [place, left],
  ].map((parts) => parts.join(' · '));
}
