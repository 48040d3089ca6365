import type { Writable } from 'node:stream';
import type { Progress } from '../client/progress.ts';
import { humanBytes, humanCount, humanMs } from '../core/units.ts';

/** Lines for a log that isn't a terminal: at each change of phase, and this often in between. */
const PLAIN_EVERY_MS = 5000;

/** Shows where a run is: one line that is rewritten on a terminal, plain lines elsewhere. */
export interface LiveLine {
  show(progress: Progress): void;
  /** A sentence of its own, above the line. */
  note(text: string): void;
  end(): void;
}

export function liveLine(out: Writable & { isTTY?: boolean; columns?: number }): LiveLine {
  return out.isTTY ? rewritten(out) : plain(out);
}

export const silentLine: LiveLine = { show() {}, note() {}, end() {} };

function rewritten(out: Writable & { columns?: number }): LiveLine {
  const clear = '\r\u001b[K';
  let shown = '';
  return {
    show(progress) {
      shown = textOf(progress).slice(0, Math.max(20, (out.columns ?? 80) - 1));
      out.write(`${clear}${shown}`);
    },
    note: (text) => out.write(`${clear}${text}\n${shown}`),
    end() {
      if (shown !== '') out.write(clear);
      shown = '';
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

function textOf({ protocol, phase, level, counts, openedPerSecond, targetBytes, leftMs }: Progress): string {
  const { opening, open, failed, closed } = counts;
  return [
    `${protocol} ${phase}${level > 0 ? ` ${humanCount(level)}` : ''}`,
    `opening ${humanCount(opening)}, open ${humanCount(open)}, failed ${humanCount(failed)}, closed ${humanCount(closed)}`,
    `${humanCount(openedPerSecond)}/s`,
    targetBytes === null ? 'target –' : `target ${humanBytes(targetBytes)}`,
    `about ${humanMs(Math.max(1000, leftMs)).replace(/\.\d+ s$/, ' s')} left`,
  ].join(' · ');
}
