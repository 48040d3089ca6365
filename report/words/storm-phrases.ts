import { type LegSummary, STAGES } from '../../core/schemas/leg-summary.ts';
import type { StormSummary } from '../../core/schemas/storm.ts';
import { humanMs } from '../../core/values/units.ts';
import { bytes, count, joined, ms, orUnknown, type Part, type Phrase, percent, say, size, UNKNOWN } from './phrase.ts';
import { restartCell, restartClause, restartRows } from './restart-phrases.ts';
import type { TableData } from './table.ts';

/** For the verdict: how long connections that were cut took until they were back; nothing where there was no storm. */
export function stormClause({ storm }: Pick<LegSummary, 'storm'>): Phrase {
  if (storm === null) return [];
  const { cut, notBack, tookMs, allBackMs, peakBytesPerCut } = storm;
  if (allBackMs === null)
    return say`${count(notBack)} of ${count(cut)} that were cut were not back after ${ms(tookMs)}`;
  const peak =
    peakBytesPerCut === null || peakBytesPerCut < 1
      ? ''
      : say`, with ${bytes(peakBytesPerCut)} more for each at the peak`;
  return say`all ${count(cut)} that were cut were back within ${ms(allBackMs)}${restartClause(storm)}${peak}`;
}

/** Rows of the verdict; none where there was no storm. */
export function stormRows<Row>(
  legs: readonly LegSummary[],
  row: (label: string, cell: (leg: LegSummary) => Part) => Row,
): Row[] {
  if (legs.every(({ storm }) => storm === null)) return [];
  const away = row('away in the storm, p50 / p99 / all', stormCell);
  const isRestart = legs.some(({ storm }) => storm?.restart);
  return isRestart ? [away, row('restart: ended / listened again / nobody listened', restartCell)] : [away];
}

const stormCell = ({ storm }: LegSummary): Part =>
  storm === null
    ? UNKNOWN
    : say`${orUnknown(storm.backP50Ms, ms)} / ${orUnknown(storm.backP99Ms, ms)} / ${storm.allBackMs === null ? say`${count(storm.notBack)} not back` : ms(storm.allBackMs)}`;

/** All that was found of a storm. */
export function stormTable({ name, storm }: LegSummary): TableData {
  return {
    topic: 'time',
    caption: `${name}: connections of the top level that were cut, and came back`,
    columns: [{ title: '' }, { title: '', words: true }],
    rows: storm === null ? [] : rowsOf(storm).map(([head, cell]) => ({ head, cells: [cell] })),
  };
}

function rowsOf(storm: StormSummary): Row[] {
  const total = (value: number | null): Part => orUnknown(value, size);
  return [
    ['cut, and back', say`${count(storm.cut)}, ${count(storm.back)}`],
    ['away, p50 / p99', say`${orUnknown(storm.backP50Ms, ms)} / ${orUnknown(storm.backP99Ms, ms)}`],
    ['all back after', orUnknown(storm.allBackMs, ms)],
    ['back per second, on average', orUnknown(storm.backPerSecond, count)],
    [
      'admission: from the start of the attempt that succeeded, p50 / p99',
      say`${orUnknown(storm.admissionP50Ms, ms)} / ${orUnknown(storm.admissionP99Ms, ms)}`,
    ],
    ['attempts beyond the first of each', count(storm.retries)],
    ...failureRows(storm),
    ...stageRows(storm),
    ...paceRows(storm),
    ['attempts that waited for room in --window', count(storm.heldBack)],
    ['attempts late by the client alone, p99', orUnknown(storm.ownLagP99Ms, ms)],
    [
      "the target's user memory before, at the peak, after, at rest",
      say`${total(storm.beforeBytes)}, ${total(storm.peakBytes)}, ${total(storm.afterBytes)}, ${total(storm.settledBytes)}`,
    ],
    ['the peak came after', orUnknown(storm.peakAtMs, ms)],
    ...kernelRows(storm),
    ...restartRows(storm),
  ];
}

type Row = readonly [head: string, cell: Part];

function failureRows({ failures, failedMeanwhile }: StormSummary): Row[] {
  if (failures === null) return [['attempts that failed, and connections lost meanwhile', count(failedMeanwhile)]];
  const told = (counts: Readonly<Record<string, number>>): Part => {
    const occurred = Object.entries(counts).filter(([, times]) => times > 0);
    const parts = occurred.map(([name, times]) => say`${count(times)} ${name}`);
    return parts.length === 0 ? count(0) : joined(parts, ', ');
  };
  return [
    ['attempts that failed', told(failures.attempts)],
    ['connections lost meanwhile', told(failures.losses)],
  ];
}

const stageRows = ({ stages }: StormSummary): Row[] =>
  STAGES.flatMap((name) => {
    const stage = stages?.[name];
    return stage ? [[`admission: ${name}, p50 / p99`, say`${ms(stage.p50Ms)} / ${ms(stage.p99Ms)}`]] : [];
  });

function paceRows({ pace }: StormSummary): Row[] {
  if (pace === null) return [];
  const { withinMs, heldPerSecond, missedPerSecond, inTimePercent } = pace;
  const within = humanMs(withinMs);
  return [
    [`attempts that were admitted within ${within}`, percent(inTimePercent, 1)],
    ['the most attempts begun in a second of which 99 % were', orUnknown(heldPerSecond, count)],
    ['attempts begun in the first second that had more, and fewer in time', orUnknown(missedPerSecond, count)],
  ];
}

/** Those of this machine, so of both ends. */
function kernelRows({ kernel }: StormSummary): Row[] {
  if (kernel === null) return [];
  const { beforeBytes, peakBytes, peakAtMs, afterBytes, sumPeakBytes } = kernel;
  return [
    [
      'kernel memory for TCP sockets of this machine, both ends, before, at the peak, after',
      say`${size(beforeBytes)}, ${size(peakBytes)}, ${orUnknown(afterBytes, size)}`,
    ],
    ['that peak came after', ms(peakAtMs)],
    ["the most that the target's user memory and these were together", size(sumPeakBytes)],
  ];
}
