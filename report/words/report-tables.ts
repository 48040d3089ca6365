import { componentLabel } from '../../charts/ledger-chart.ts';
import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { type LegSummary, STAGES } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import { OUTCOMES } from '../../core/values/outcomes.ts';
import { refusedOf } from '../fold/opening.ts';
import { broadcastTable } from './broadcast-phrases.ts';
import { AT_REST, RECONNECTING } from './capacity-phrases.ts';
import { churnTable } from './going-on-phrases.ts';
import { growthTable } from './growth-phrases.ts';
import { bytes, bytesAlike, count, decimal, ms, orUnknown, type Part, type Phrase, say, size } from './phrase.ts';
import { receivedTable } from './received-phrases.ts';
import { sharesTable } from './share-phrases.ts';
import { sizingTable } from './sizing-table.ts';
import { slowTables } from './slow-phrases.ts';
import { stormTable } from './storm-phrases.ts';
import type { TableColumn, TableData } from './table.ts';
import { measuredOf, wordOf } from './threshold-phrases.ts';
import { tlsAddsTables } from './tls-adds-phrases.ts';
import { vanishTable } from './vanish-phrases.ts';
import { estimate, verdictRows } from './verdict-rows.ts';

/** Every table of the report, in order; those without a row are left out. */
export function reportTables(summary: Summary): TableData[] {
  const { legs } = summary;
  if (legs.length === 0) return [];
  return [
    verdictTable(summary),
    ...gateTables(summary),
    ...slowTables(summary),
    ...tlsAddsTables(summary),
    ...legs.map(levelTable),
    ledgerTable(legs),
    ...legs.map(churnTable),
    ...legs.map((leg) => forecastTable(leg, summary)),
    ...legs.map((leg) => sizingTable(leg, summary)),
    outcomeTable(legs),
    ...legs.map(drainTable),
    ...legs.map(stormTable),
    ...legs.map(vanishTable),
    ...legs.map(openingTable),
    stageTable(legs),
    loadMachineTable(summary),
    ...legs.map(sharesTable),
    ...legs.map(rttTable),
    ...legs.map(broadcastTable),
    ...legs.map(receivedTable),
  ].filter(({ rows }) => rows.length > 0);
}

const legColumns = (legs: readonly LegSummary[]): TableColumn[] =>
  legs.map(({ name }) => ({ title: name, words: true }));

/** The rows that every output has. */
export const verdictTable = (summary: Summary): TableData => ({
  topic: 'cost',
  isMain: true,
  caption: 'The verdict, leg by leg, with 95 % intervals',
  columns: [{ title: '' }, ...legColumns(summary.legs)],
  rows: verdictRows(summary).map(({ label, cells }) => ({ head: label, cells })),
});

/** What the run could fail by, and what came of it; none where it was no gate. */
export const gateTables = (summary: Summary): TableData[] =>
  [thresholdTable(summary), growthTable(summary)].filter(({ rows }) => rows.length > 0);

const thresholdTable = ({ thresholds }: Summary): TableData => ({
  topic: 'cost',
  isMain: true,
  caption: 'Thresholds: the run fails if one of these is so',
  columns: [{ title: 'threshold' }, { title: 'measured' }, { title: 'came to', words: true }],
  rows: thresholds.map((one) => ({ head: one.expression, cells: [measuredOf(one), wordOf(one)] })),
});

function levelTable({ name, levels }: LegSummary): TableData {
  const hasCharged = levels.some(({ chargedBytes }) => chargedBytes !== null);
  return {
    topic: 'cost',
    caption: `${name}: memory by level, while so many connections are held still`,
    columns: [
      { title: 'open' },
      ...[{ title: 'total' }, { title: 'user' }, { title: 'kernel, growth' }],
      ...(hasCharged ? [{ title: 'charged to its cgroup, growth' }] : []),
      ...[{ title: 'the client itself' }, { title: 'at rest', words: true }],
    ],
    rows: levels.map((level) => ({
      head: count(level.open),
      cells: [
        ...[level.bytes.total, level.bytes.user, level.bytes.kernel].map((value) => orUnknown(value, bytes)),
        ...(hasCharged ? [orUnknown(level.chargedBytes, bytes)] : []),
        orUnknown(level.generatorBytes, bytes),
        level.settled ? 'yes' : 'not in time',
      ],
    })),
  };
}

function ledgerTable(legs: readonly LegSummary[]): TableData {
  const isPart = ({ inconclusive }: LegSummary): boolean => Object.keys(inconclusive?.components ?? {}).length > 0;
  const known = legs.filter((leg) => leg.perConnection !== null || isPart(leg));
  const bytesOf = (
    { perConnection, inconclusive }: LegSummary,
    name: (typeof LEDGER_COMPONENTS)[number],
  ): number | null => perConnection?.components[name] ?? inconclusive?.components[name]?.bytes ?? null;
  const shown = LEDGER_COMPONENTS.filter((name) => known.some((leg) => Math.abs(bytesOf(leg, name) ?? 0) >= 1));
  const whole = (leg: LegSummary): Part => (leg.inconclusive ? 'inconclusive' : estimate(knownCost(leg)));
  return {
    topic: 'cost',
    caption: 'The ledger of one connection: its parts sum to the whole; what the host grew by beyond that stands last',
    columns: [{ title: 'part' }, ...known.map(({ name }) => ({ title: name }))],
    rows:
      known.length === 0
        ? []
        : [
            ...shown
              .filter((name) => name !== 'unexplained')
              .map((name) => ({
                head: componentLabel(name),
                cells: known.map((leg) => orUnknown(bytesOf(leg, name), size)),
              })),
            { head: 'all of it', cells: known.map(whole) },
            {
              head: componentLabel('unexplained'),
              cells: known.map((leg) => orUnknown(bytesOf(leg, 'unexplained'), size)),
            },
          ],
  };
}

function forecastTable({ name }: LegSummary, { forecast }: Summary): TableData {
  const own = forecast.filter((one) => one.leg === name);
  const hasBurst = own.some(({ burstBytes }) => burstBytes !== null);
  return {
    topic: 'capacity',
    caption: `${name}: what more connections would take; beyond twice the top level it is a guess`,
    columns: [
      ...[{ title: 'connections' }, { title: hasBurst ? `memory, ${AT_REST}` : 'memory' }],
      ...[{ title: 'at least' }, { title: 'at most' }],
      ...(hasBurst ? [{ title: RECONNECTING }] : []),
      ...[{ title: 'times the top level' }, { title: '', words: true }],
    ],
    rows: own.map((one) => ({
      head: count(one.connections),
      cells: [
        ...bytesAlike(one.bytes, one.low, one.high),
        ...(hasBurst ? [orUnknown(one.burstBytes, bytes)] : []),
        ...[decimal(one.extrapolation, 1), one.beyond ? 'a guess' : ''],
      ],
    })),
  };
}

function outcomeTable(legs: readonly LegSummary[]): TableData {
  const shown = OUTCOMES.filter((name) => name === 'open' || legs.some(({ outcomes }) => outcomes[name] > 0));
  return {
    topic: 'time',
    caption: 'How attempts to open ended, the burst and all cycles included',
    columns: [{ title: 'outcome' }, ...legs.map(({ name }) => ({ title: name, unit: 'attempts' }))],
    rows: [
      ...shown.map((name) => ({ head: name, cells: legs.map(({ outcomes }) => count(outcomes[name])) })),
      { head: 'all attempts', cells: legs.map(({ attempts }) => count(attempts)) },
    ],
  };
}

/** A fleet over several machines has them; the conductor holds nothing. */
const loadMachineTable = ({ generator: { hosts, cpuSeconds, rssBytes } }: Summary): TableData => ({
  topic: 'latency',
  caption: 'What the load machines used, and how late they were by their own fault; memory at its most',
  columns: [
    ...[{ title: 'host' }, { title: 'workers' }, { title: 'open, at most' }, { title: 'processor time' }],
    ...[{ title: 'memory' }, { title: 'started late, p99' }],
  ],
  rows: hosts
    ? [
        ...hosts.map((one) => ({
          head: one.host,
          cells: [
            ...[count(one.workers), count(one.mostOpen), ms(one.cpuSeconds * 1000), bytes(one.rssBytes)],
            orUnknown(one.latenessMs, ms),
          ],
        })),
        {
          head: 'the conductor',
          cells: [...['', '', orUnknown(cpuSeconds, (seconds) => ms(seconds * 1000)), orUnknown(rssBytes, bytes), '']],
        },
      ]
    : [],
});

/** A baseline and one cycle are in the verdict already. */
function drainTable({ name, drains }: LegSummary): TableData {
  const keeps = (name: 'kernelBytes' | 'openFiles'): boolean => drains.some(({ [name]: value }) => value !== null);
  const [hasKernel, hasFiles] = [keeps('kernelBytes'), keeps('openFiles')];
  return {
    topic: 'time',
    caption: `${name}: what there was without connections`,
    columns: [
      ...[{ title: '' }, { title: 'user memory' }],
      ...(hasKernel ? [{ title: 'kernel, growth' }] : []),
      ...(hasFiles ? [{ title: 'open files' }] : []),
      { title: 'closed since the baseline', unit: 'connections' },
    ],
    rows: (drains.length > 2 ? drains : []).map((drain) => ({
      head: drain.cycle === 0 ? 'baseline' : say`after cycle ${count(drain.cycle)}`,
      cells: [
        bytes(drain.bytes),
        ...(hasKernel ? [orUnknown(drain.kernelBytes, bytes)] : []),
        ...(hasFiles ? [orUnknown(drain.openFiles, count)] : []),
        count(drain.closedConnections),
      ],
    })),
  };
}

const times = (all: ReadonlyArray<number | null>): Phrase[] => all.map((time) => orUnknown(time, ms));

const openingTable = ({ name, levels }: LegSummary): TableData => ({
  topic: 'latency',
  caption: `${name}: time to open, from the planned moment, of those that came between the level below and this one`,
  columns: [{ title: 'up to' }, { title: 'opened' }, { title: 'p50' }, { title: 'p99' }, { title: 'slowest' }],
  rows: levels.flatMap(({ open, opening }) =>
    opening === null || opening.opened === 0
      ? []
      : [
          {
            head: count(open),
            cells: [count(opening.opened), ...times([opening.p50Ms, opening.p99Ms, opening.maxMs])],
          },
        ],
  ),
});

/** A plain leg isn't secured. */
const stageTable = (legs: readonly LegSummary[]): TableData => ({
  topic: 'latency',
  caption: 'What opening consists of, over the climb, from the start of each attempt',
  columns: [{ title: 'stage' }, { title: 'p50' }, { title: 'p99' }, { title: 'slowest' }, { title: 'mean' }],
  rows: legs.flatMap(({ name, transport, stages }) =>
    STAGES.flatMap((stage) => {
      const told = stage === 'securing' && transport === 'plain' ? null : stages?.[stage];
      if (!told) return [];
      return [{ head: `${name}: ${stage}`, cells: times([told.p50Ms, told.p99Ms, told.maxMs, told.meanMs]) }];
    }),
  ),
});

const hasStatuses = ({ rtt }: LegSummary['levels'][number]): boolean => rtt?.statuses != null;

const hasOthers = ({ rtt }: LegSummary['levels'][number]): boolean => rtt !== null && rtt.fromOthers > 0;

const rttTable = ({ name, levels }: LegSummary): TableData => ({
  topic: 'latency',
  caption: `${name}: round trips, from the planned moment`,
  columns: [
    { title: 'open' },
    ...[{ title: 'p50' }, { title: 'p99' }, { title: 'p99.9' }, { title: 'p99 from sending' }],
    ...[{ title: 'messages', unit: 'per second' }, { title: 'late' }, { title: 'lost' }],
    ...(levels.some(hasOthers) ? [{ title: 'from others' }] : []),
    ...(levels.some(hasStatuses) ? [{ title: 'status 4xx, 5xx' }] : []),
  ],
  rows: levels.flatMap(({ open, rtt }) =>
    rtt === null
      ? []
      : [
          {
            head: count(open),
            cells: [
              ...times([rtt.p50Ms, rtt.p99Ms, rtt.p999Ms, rtt.uncorrectedP99Ms]),
              ...[rtt.messagesPerSecond, rtt.lateReplies, rtt.lostReplies].map(count),
              ...(levels.some(hasOthers) ? [count(rtt.fromOthers)] : []),
              ...(levels.some(hasStatuses) ? [orUnknown(refusedOf(rtt), count)] : []),
            ],
          },
        ],
  ),
});
