import type { Writable } from 'node:stream';
import type { Progress } from '../client/progress.ts';
import { humanBytes, humanCount, humanMs } from '../core/values/units.ts';
import { livePlot, PLOT_NEEDS } from './live-plot.ts';

/** Lines for a log that isn't a terminal: at each change of phase, and this often in between. */
const PLAIN_EVERY_MS = 5000;

/** Shows where a run is: rewritten in place on a terminal, with a plot where there is room; plain lines elsewhere. */
export interface LiveLine {
  show(progress: Progress): void;
  /** A sentence of its own, above the line. */
  note(text: string): void;
  end(): void;
}

/** A stream that may be a terminal; a resized one tells its new size. */
type Out = Writable & { isTTY?: boolean; columns?: number; rows?: number };

export function liveLine(out: Out): LiveLine {
  return out.isTTY ? rewritten(out) : plain(out);
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
      const lines = [...above, textOf(progress).slice(0, Math.max(20, columns - 1))];
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
  let last = { state: '', atMs: 0 };
  return {
    show(progress) {
      const state = `${progress.leg} ${progress.phase} ${progress.level}`;
      if (state === last.state && progress.elapsedMs - last.atMs < PLAIN_EVERY_MS) return;
      last = { state, atMs: progress.elapsedMs };
      out.write(`${textOf(progress)}\n`);
    },
    note: (text) => out.write(`${text}\n`),
    end() {},
  };
}

function textOf({ name, phase, level, counts, openedPerSecond, targetBytes, leftMs }: Progress): string {
  const { opening, open, failed, closed } = counts;
  return [
    `${name} ${phase}${level > 0 ? ` ${humanCount(level)}` : ''}`,
    `opening ${humanCount(opening)}, open ${humanCount(open)}, failed ${humanCount(failed)}, closed ${humanCount(closed)}`,
    `${humanCount(openedPerSecond)}/s`,
    targetBytes === null ? 'target –' : `target ${humanBytes(targetBytes)}`,
    `about ${humanMs(Math.max(1000, leftMs)).replace(/\.\d+ s$/, ' s')} left`,
  ].join(' · ');
}
