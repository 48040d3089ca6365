import type { ExaminedFleet, FleetFinding, FleetJudgement } from '../client/examine-fleet.ts';
import { humanBytes, humanCount, humanMs } from '../core/values/units.ts';
import { alignColumns } from './aligned-columns.ts';

const MARKS = { ok: 'ok', note: 'note', fail: 'FAILS' } as const satisfies Record<FleetJudgement, string>;
const NOUNS = {
  redis: 'Redis',
  'memory-policy': 'its memory policy',
  memory: 'its memory',
  persistence: 'its persistence',
  workers: 'workers',
  versions: 'versions',
  clocks: 'clocks',
} as const satisfies Record<FleetFinding['what'], string>;

/** What there is of a fleet: a line for each finding, then one for each worker. */
export function fleetText({ findings, workers }: ExaminedFleet): string {
  const rows = findings.map(({ what, ok, sentence, remedy }) => [
    MARKS[ok],
    NOUNS[what],
    remedy === '' ? sentence : `${sentence} — ${remedy}`,
  ]);
  const found = alignColumns([['', 'of the fleet', 'what there is'], ...rows]);
  return workers.length === 0 ? found : `${found}\n\n${workerTable(workers)}`;
}

const HEAD = [
  'worker',
  'host',
  'connrig',
  'Node.js',
  'engine',
  'cores',
  'memory',
  'open files',
  'ports',
  'clock',
  'room',
];

const workerTable = (workers: ExaminedFleet['workers']): string =>
  alignColumns(
    [
      [...HEAD, 'holds'],
      ...workers.map((one) => [
        ...[one.worker, one.host, one.version, one.node, one.engine, humanCount(one.cores)],
        `${humanBytes(one.memoryAvailableBytes)} of ${humanBytes(one.memoryBytes)}`,
        ...[one.descriptors, one.ports].map((count) => (count === null ? '–' : humanCount(count))),
        `${one.clock.offsetMs < 0 ? '-' : '+'}${humanMs(Math.abs(one.clock.offsetMs))}`,
        one.room === null ? 'any' : `${humanCount(one.room)}${one.bound === null ? '' : ` (${one.bound})`}`,
        one.share === null ? 'nothing, it waits' : `share ${one.share + 1} of run ${one.run}`,
      ]),
    ],
    [5, 7, 8],
  );
