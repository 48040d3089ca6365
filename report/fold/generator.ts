import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type MemoryPoint } from '../../core/schemas/record.ts';
import { isOfClimb } from '../../core/schemas/sample-at.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import { ownLatenessMs, RampBusiness, sendLatenessMs } from '../../core/stats/saturation.ts';
import { humanMs } from '../../core/values/units.ts';
import { loadMachinesOf } from './load-machines.ts';
import type { RunRecord } from './read-run.ts';
import { generatorSlope } from './summarize-leg.ts';

/** Starting late by more than this, one time in a hundred, is no longer the pace that was asked for. */
const LATE_MS = 250;
const SENT = 'messages were sent';
/** What the client itself cost, and whether it was what limited the run. */
export function generatorOf(record: RunRecord, legs: readonly LegSummary[]): Summary['generator'] {
  const ticks = record.samples.filter((sample) => sample.type === 'tick');
  const slopes = legs.map(generatorSlope).filter((slope) => slope !== undefined);
  const bottleneck = bottleneckOf(record);
  const hosts = loadMachinesOf(record.samples);
  return {
    bytesPerConnection: slopes.length > 0 ? Math.max(...slopes) : null,
    rssBytes: ticks.length > 0 ? ticks.reduce((most, tick) => Math.max(most, tick.generatorRssBytes), 0) : null,
    cpuSeconds: ticks.at(-1)?.generatorCpuSeconds ?? null,
    saturated: bottleneck !== undefined,
    bottleneck: bottleneck ?? null,
    ...(hosts && { hosts }),
  };
}

/** One sentence for each leg whose pace wasn't kept, whoever was to blame. */
export function lateLegs(record: RunRecord): string[] {
  return record.run.plan.legs.flatMap((leg, index) => {
    const lateMs = quantileMs(progressOf(record, index)?.lag ?? [], 0.99) ?? 0;
    if (lateMs <= LATE_MS) return [];
    const how = `1 in 100 attempts started ${humanMs(lateMs)} late or later`;
    return [`${leg.name}: the pace of ${leg.connectsPerSecond}/s was not kept: ${how}`];
  });
}

/** Why the client was what limited the run; undefined when it wasn't. */
function bottleneckOf(record: RunRecord): string | undefined {
  for (const [index, leg] of record.run.plan.legs.entries()) {
    const found =
      behind(record, leg, index) ??
      ownLateness(record, leg, index) ??
      sendLateness(record, leg, index) ??
      business(record, leg, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A machine of a fleet that could not keep its part of the pace, where the others had no room for more. */
function behind({ events }: RunRecord, { name }: RecordedLeg, index: number): string | undefined {
  const found = events.find((event) => event.type === 'share-behind' && event.leg === index && !event.isLowered);
  if (found?.type !== 'share-behind') return undefined;
  const { share, host, opened, due } = found;
  return `${name}: share ${share + 1} of the fleet, on ${host}, had made ${opened} of ${due} attempts that were due while the others kept the pace`;
}

function ownLateness(record: RunRecord, { name }: RecordedLeg, index: number): string | undefined {
  const lateMs = ownLatenessMs(progressOf(record, index)?.ownLag ?? []);
  if (lateMs === undefined) return undefined;
  return `${name}: 1 in 100 attempts started ${humanMs(lateMs)} late or later although the window had room`;
}

function sendLateness({ samples }: RunRecord, { name }: RecordedLeg, index: number): string | undefined {
  const points = samples.filter((sample): sample is MemoryPoint => sample.type === 'memory' && sample.leg === index);
  for (const { level, talk } of points) {
    const lateMs = sendLatenessMs(talk?.sendLag ?? []);
    if (lateMs !== undefined) {
      return `${name}: at ${level} connections 1 in 100 ${SENT} ${humanMs(lateMs)} late or later`;
    }
  }
  return undefined;
}

function business({ run, samples }: RunRecord, { name }: RecordedLeg, index: number): string | undefined {
  const laidOut = run.generator.legs[index];
  if (!laidOut) return undefined;
  const ramps = new RampBusiness();
  for (const sample of samples)
    if (sample.type === 'tick' && sample.leg === index && isOfClimb(sample)) ramps.add(sample);
  const cores = Math.min(laidOut.workers, run.environment.cores);
  const share = ramps.tooBusy(cores);
  if (share === undefined) return undefined;
  return `${name}: the client used ${Math.round(share * 100)} % of its ${cores} core${cores === 1 ? '' : 's'} while opening`;
}

/** What would take the client out of the way: --rate is the pace of opens alone. */
export function bottleneckHint(bottleneck: string): string {
  const less = bottleneck.includes(SENT) ? 'fewer or smaller messages in --behaviour' : '--rate slower';
  return `${less}, --workers more, or the client on another machine`;
}

/** How a leg stood when last told. */
function progressOf({ samples }: RunRecord, index: number): MemoryPoint['progress'] | undefined {
  return samples.filter(hasProgress).findLast((sample) => sample.leg === index && isOfClimb(sample))?.progress;
}
