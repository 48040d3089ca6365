import { z } from 'zod';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { isCollected, LACKING } from '../../core/schemas/readings.ts';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { SUMMARY_SCHEMA, type Summary } from '../../core/schemas/summary.ts';
import { readLegName } from '../../core/values/plan.ts';
import { broadcastWarnings } from '../words/broadcast-phrases.ts';
import { strangeHosts } from '../words/share-phrases.ts';
import { talkWarnings } from '../words/talk-warnings.ts';
import { capacityOf, forecastOf, limitersOf } from './capacity.ts';
import { generatorOf, lateLegs } from './generator.ts';
import { growthOf, growthWarnings } from './growth.ts';
import { type MemoryLimit, memoryLimitOf } from './memory-limit.ts';
import type { RunRecord } from './read-run.ts';
import { contradictionIn } from './remainder.ts';
import { sizingOf } from './sizing.ts';
import { standingOf } from './standing.ts';
import { summarizeLeg } from './summarize-leg.ts';
import { gated } from './thresholds-and-growth.ts';
import { tlsAddsOf } from './tls-adds.ts';

/** From a recorded run to its verdict. Pure: the same record gives the same summary, byte for byte. */
export function summarize(record: RunRecord): Summary {
  const { run, samples } = record;
  // Legs come one after the other: one that never began has no samples, and neither has any after it.
  const legs = run.plan.legs.flatMap((leg, index) =>
    samples.some((sample) => sample.leg === index) ? [summarizeLeg(record, leg, index)] : [],
  );
  const generator = generatorOf(record, legs);
  const memoryLimit = memoryLimitOf(record);
  const baseline = growthOf(run, legs);
  const { error, ...standing } = standingOf(record, legs, generator.bottleneck);
  const summary: Summary = {
    schema: SUMMARY_SCHEMA,
    ...standing,
    name: run.name,
    labels: labelsOf(run),
    target: { kind: run.target.kind, name: run.target.name, urls: run.target.urls, memoryLimit },
    error,
    warnings: [...growthWarnings(run, baseline, legs), ...warningsOf(record, legs, memoryLimit)],
    legs,
    tlsAdds: tlsAddsOf(legs),
    forecast: legs.flatMap(forecastOf),
    capacity: legs.flatMap((leg) => capacityOf(run, leg, memoryLimit)),
    sizing: sizingOf(run, legs),
    limiters: legs.flatMap((leg, index) => limitersOf(run, leg, index, memoryLimit)),
    thresholds: [],
    ...(baseline && { baseline }),
    generator,
  };
  return gated(summary, run);
}

/** A record may come from a version that knew none. */
const Labelled = z.object({ labels: z.record(z.string(), z.string()).optional() });
const labelsOf = ({ config }: RunRecord['run']): Record<string, string> =>
  Labelled.safeParse(config).data?.labels ?? {};

function warningsOf(record: RunRecord, legs: readonly LegSummary[], memoryLimit: MemoryLimit | null): string[] {
  const { run, samples, events, problems } = record;
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
  const points = samples.filter((sample): sample is MemoryPoint => sample.type === 'memory');
  for (const leg of legs) {
    const restless = leg.levels.filter(({ settled }) => !settled).map(({ open }) => open);
    if (restless.length > 0) {
      warnings.push(`${leg.name}: memory did not come to rest in time at ${restless.join(', ')} open connections`);
    }
    const planned = run.plan.legs.find(({ name }) => name === leg.name)?.behaviour;
    // Where a request publishes, its connection stays open between two, mostly to the same port.
    const others = planned?.kind === 'broadcast' && planned.by === 'request' ? 1 : 0;
    const wrong = leg.levels.filter(
      ({ open, established }) => established !== null && (established < open || established > open + others),
    );
    for (const { open, established } of wrong) {
      warnings.push(`${leg.name}: the kernel counts ${established} established connections at the level of ${open}`);
    }
  }
  for (const leg of legs) {
    warnings.push(...talkWarnings(leg), ...broadcastWarnings(leg), ...contradictionIn(leg));
    warnings.push(...strangeHosts(leg));
  }
  warnings.push(...lateLegs(record));
  if (['pid', 'exporter'].includes(run.target.kind) && run.plan.legs.length > 1) {
    warnings.push(
      'both legs ran against one process: what the first left in its allocator may make the second look cheaper',
    );
  }
  warnings.push(...uncollectedIn(points, run.plan));
  warnings.push(...oomKillsIn(points, run.plan));
  if (memoryLimit === null && legs.some(({ fit, perConnection }) => fit !== null && perConnection?.total)) {
    warnings.push(
      'how many connections fit is not told: nobody says what memory the target may take; --memory-limit does',
    );
  }
  const missing = new Map(points.flatMap(({ readings }) => readings.missing).map(({ meter, why }) => [meter, why]));
  for (const [meter, why] of missing) warnings.push(`${meter} could not be read: ${why}; ${LACKING[meter]}`);
  if (points.some(({ readings }) => readings.target?.anonBytes === null)) {
    warnings.push(
      "in user space stands the target's RSS, files and shared pages included: its anonymous memory is not ours to read here",
    );
  }
  return [...new Set([...warnings, ...problems])];
}

/** Between a level read after a collection and one read without lies garbage, which passes for the cost of connections. */
function uncollectedIn(points: readonly MemoryPoint[], plan: RunRecord['run']['plan']): string[] {
  const isAtRest = ({ readings }: MemoryPoint): boolean => isCollected(readings);
  const legs = new Set(points.filter(isAtRest).map(({ leg }) => leg));
  const without = points.filter((point) => point.phase === 'hold' && legs.has(point.leg) && !isAtRest(point));
  return [...new Set(without.map(({ leg }) => leg))].map((leg) => {
    const levels = new Set(without.filter((point) => point.leg === leg).map(({ level }) => level));
    return `${readLegName(plan, leg)}: no collection could be forced at ${[...levels].join(', ')} open connections: garbage counts there as their cost`;
  });
}

/** What the kernel killed while a leg went on, such as one worker of several that was started anew. */
function oomKillsIn(points: readonly MemoryPoint[], plan: RunRecord['run']['plan']): string[] {
  const firsts = new Map<string, number>();
  const kills = new Map<number, number>();
  for (const { launch, leg, readings } of points) {
    const now = readings.cgroup?.oomKills ?? null;
    if (now === null) continue;
    // Another launch may have another cgroup.
    const before = firsts.get(`${launch} ${leg}`) ?? now;
    firsts.set(`${launch} ${leg}`, before);
    if (now > before) kills.set(leg, Math.max(kills.get(leg) ?? 0, now - before));
  }
  return [...kills].map(
    ([leg, count]) =>
      `${readLegName(plan, leg)}: the kernel killed ${count} process${count === 1 ? '' : 'es'} for want of memory in the target's cgroup`,
  );
}
