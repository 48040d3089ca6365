import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { StormSummary } from '../../core/schemas/storm.ts';
import { ms, orUnknown, type Part, type Phrase, say, size, UNKNOWN } from './phrase.ts';

type Restarted = Pick<StormSummary, 'restart'>;

/** For the verdict, behind how long all took to be back; nothing where the target stayed. */
export function restartClause({ restart }: Restarted): Phrase {
  if (restart === null) return [];
  const down = restart.downMs === null ? '' : say` (nobody listened for ${ms(restart.downMs)})`;
  return say` of ${restart.signal}${down}`;
}

/** A cell of the verdict's row. */
export const restartCell = ({ storm }: Pick<LegSummary, 'storm'>): Part =>
  storm?.restart
    ? say`${orUnknown(storm.restart.endedMs, ms)} / ${orUnknown(storm.restart.listeningMs, ms)} / ${orUnknown(storm.restart.downMs, ms)}`
    : UNKNOWN;

/** Rows for the table of a storm. */
export function restartRows({ restart }: Restarted): ReadonlyArray<readonly [head: string, cell: Part]> {
  if (restart === null) return [];
  const { signal, killed, endedMs, listeningMs, downMs, pids, peaksBytes } = restart;
  const [before, after] = pids;
  const [old, fresh] = peaksBytes;
  return [
    ['the target restarted by', killed ? say`${signal}, and SIGKILL since it did not end in time` : signal],
    [
      'from the signal until it had ended, until it listened again',
      say`${orUnknown(endedMs, ms)}, ${orUnknown(listeningMs, ms)}`,
    ],
    ['nobody listened for', orUnknown(downMs, ms)],
    [
      'its process, old and new',
      say`${before === null ? UNKNOWN : String(before)}, ${after === null ? UNKNOWN : String(after)}`,
    ],
    ['the most user memory of the old one, of the new one', say`${orUnknown(old, size)}, ${orUnknown(fresh, size)}`],
  ];
}
