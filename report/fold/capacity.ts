import { z } from 'zod';
import type { LegSummary, Rtt } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { lineAt, predictAt } from '../../core/stats/predict.ts';
import { isLeak } from '../../core/stats/retained.ts';
import { SIZE_BY } from '../../core/values/sizing-plan.ts';
import { keepsFiles } from './kept-memory-kind.ts';
import { isHere, type MemoryLimit } from './memory-limit.ts';
import { isUnanswered } from './opening.ts';
import { chargedCostsOf, costsOf, heldWithin, leastOf, linesOf, sizedBy } from './two-costs.ts';

/** Round numbers people plan with. */
const FORECAST_AT = [10_000, 100_000, 1_000_000];
/** A plan isn't made of fewer at the top level: what doesn't grow with them weighs too much. */
export const LEAST_TOP = 100;
/** Descriptors a server needs for itself. */
export const OWN_DESCRIPTORS = 64;
/** Beyond this many times the largest level measured a forecast is a guess. */
const MOST_EXTRAPOLATION = 2;

/** What the record's config says of capacity; a record may come from a version that knew none of it. */
const Settings = z.object({
  headroomPercent: z.number().default(20),
  sizeBy: z.enum(SIZE_BY).default('dearer'),
  rttLimitMs: z.number().optional(),
});
export const settingsOf = ({ config }: RunFile): z.infer<typeof Settings> => Settings.parse(config);

type Limiter = Summary['limiters'][number];
type Capacity = Summary['capacity'][number];

/**
 * What the target would take at round numbers of connections: by the line that holds at the top (above a knee, beyond
 * a step), with the interval of the prediction. Only of user and kernel memory together.
 */
export function forecastOf(leg: LegSummary): Summary['forecast'] {
  const lines = linesOf(leg);
  const top = leg.levels.at(-1)?.open;
  if (lines.length === 0 || !isEnoughToPlanBy(top)) return [];
  const burstBytes = leg.burst?.beyondRestBytes ?? null;
  return FORECAST_AT.filter((connections) => connections > top).map((connections) => {
    const { bytes, low, high } = predictAt(lineAt(lines, connections), connections);
    return {
      leg: leg.name,
      protocol: leg.protocol,
      connections,
      bytes: Math.round(bytes),
      // No target takes less than nothing, however far its levels scatter.
      low: Math.round(Math.min(bytes, Math.max(0, low))),
      high: Math.round(high),
      ...extrapolationTo(connections, top),
      burstBytes: burstBytes === null ? null : Math.round(bytes + Math.max(0, burstBytes) * connections),
    };
  });
}

/**
 * How many connections the memory limit holds; none where limit or cost isn't known, or the cost may be 0 or less. The
 * limit of a cgroup is on what that is charged for, where nobody else is in it. What isn't charged still has to fit into
 * the machine. Both at rest and while everybody reconnects, where that was measured.
 */
export function capacityOf(run: RunFile, leg: LegSummary, limit: MemoryLimit | null): Capacity[] {
  const top = leg.levels.at(-1)?.open;
  if (!isEnoughToPlanBy(top) || limit === null) return [];
  const { headroomPercent, sizeBy } = settingsOf(run);
  const kept = 1 - headroomPercent / 100;
  const total = { of: 'total' as const, memoryLimitBytes: limit.bytes, costs: costsOf(leg) };
  const charged = chargedCostsOf(leg);
  const fitting =
    limit.basis !== 'cgroup' || limit.machineBytes === null || charged.rest.length === 0
      ? [total]
      : [
          { of: 'charged' as const, memoryLimitBytes: limit.bytes, costs: charged },
          { ...total, memoryLimitBytes: limit.machineBytes },
        ];
  const found = fitting.map((one) => ({ ...one, held: heldWithin(one.costs, one.memoryLimitBytes * kept) }));
  const sized = sizedBy(leastOf(found.map(({ held }) => held)), sizeBy);
  if (sized === null) return [];
  const by = sized.sizedBy === 'burst' ? 'burstConnections' : 'restConnections';
  const { of, memoryLimitBytes } = found.find(({ held }) => held[by] === sized.connections)!;
  const common = { leg: leg.name, protocol: leg.protocol, of, memoryLimitBytes, headroomPercent };
  return [{ ...common, ...sized, ...extrapolationTo(sized.connections, top) }];
}

export const isEnoughToPlanBy = (top: number | undefined): top is number => top !== undefined && top >= LEAST_TOP;

export const extrapolationTo = (connections: number, top: number): Pick<Capacity, 'extrapolation' | 'beyond'> => ({
  extrapolation: connections / top,
  beyond: connections / top > MOST_EXTRAPOLATION,
});

/** Where each limit lies, the nearest first. A limit that can't be known isn't listed. */
export function limitersOf(run: RunFile, leg: LegSummary, index: number, limit: MemoryLimit | null): Limiter[] {
  const { environment, target, generator } = run;
  const found: Array<[Limiter['what'], number]> = [];
  for (const { connections } of capacityOf(run, leg, limit)) found.push(['memory', connections]);
  if (target.descriptorLimit !== null) {
    found.push(['fds', (target.descriptorLimit - OWN_DESCRIPTORS) * (target.processes ?? 1)]);
  }
  const laidOut = generator.legs[index];
  // Workers of a fleet have ports of their own.
  if (environment.ephemeralPorts !== null && laidOut && !laidOut.shares && leg.family === 'inet') {
    const [first, last] = environment.ephemeralPorts;
    found.push(['ports', (last - first + 1) * Math.max(1, laidOut.sources.length) * laidOut.destinations]);
  }
  // The kernel refuses by what is reserved, in whole pages, and not by what of it is in use.
  const reservedBytes = leg.perConnection?.tcpReservedBytes ?? 0;
  if (isHere(run) && environment.tcpMemMaxBytes !== null && reservedBytes > 0) {
    found.push(['tcp-mem', environment.tcpMemMaxBytes / reservedBytes]);
  }
  // A table that nothing feeds is in nobody's way.
  if (environment.conntrackMax !== null && (environment.conntrackCount ?? 0) > 0) {
    found.push(['conntrack', environment.conntrackMax - environment.conntrackCount!]);
  }
  const tooSlow = firstTooSlow(run, leg);
  if (tooSlow !== undefined) found.push(['rtt', tooSlow]);
  const ofConnections = [
    ...found.map(([what, at]): Limiter => limiter(leg, what, at, 'connections')),
    // A climb to that many, and back, is as many closes.
    ...leakLimiters(run, leg, limit),
  ].sort((a, b) => a.at - b.at);
  const ofRate = cpuLimiters(run, leg);
  const pace = run.plan.legs[index]?.connectsPerSecond ?? 0;
  return ofRate.some(({ at }) => at <= pace) ? [...ofRate, ...ofConnections] : [...ofConnections, ...ofRate];
}

/** After how many closes what closed connections leave behind has used up what there is. */
function leakLimiters({ target }: RunFile, leg: LegSummary, limit: MemoryLimit | null): Limiter[] {
  const { retained, baselineBytes } = leg;
  if (retained === null) return [];
  const { kernel, files } = retained;
  const found: Limiter[] = [];
  const after = (what: Limiter['what'], available: number, taken: number, each: number): void => {
    found.push({ ...limiter(leg, what, (available - taken) / each, 'closed connections'), available });
  };
  if (files !== null && keepsFiles(leg) && target.descriptorLimit !== null) {
    const processes = target.processes ?? 1;
    // For one that was just started: at the baseline it has kept what the warm-up closed, too.
    after('fds', target.descriptorLimit * processes, OWN_DESCRIPTORS * processes, files.perClosedConnection);
  }
  const leakedBytes = [retained, kernel]
    .filter((part) => part !== null && isLeak(part))
    .reduce((sum, part) => sum + part!.bytesPerClosedConnection, 0);
  if (limit !== null && leakedBytes > 0) after('memory', limit.bytes, baselineBytes ?? 0, leakedBytes);
  return found;
}

/** The first level whose round trips passed the limit. */
function firstTooSlow(run: RunFile, { levels }: LegSummary): number | undefined {
  const { rttLimitMs } = settingsOf(run);
  if (rttLimitMs === undefined) return undefined;
  // What got no answer took longer than any that did.
  const isOver = (rtt: Rtt): boolean =>
    isUnanswered(rtt) || (rtt.lostPercent ?? 0) > 1 || (rtt.p99Ms !== null && rtt.p99Ms > rttLimitMs);
  return levels.find(({ rtt }) => rtt !== null && isOver(rtt))?.open;
}

/**
 * Opens per second at which the target's processors are full: a limit of pace, since connections that stay open cost no
 * time. A process of the built-in server has one thread for it; of other targets on
 * this machine only its cores are known, and of those elsewhere not even these.
 * What the kernel does for connections outside of the target's processes isn't in it.
 */
function cpuLimiters(run: RunFile, leg: LegSummary): Limiter[] {
  const { environment, target } = run;
  const { targetCpuMs } = leg.open;
  if (targetCpuMs === null || targetCpuMs === 0 || !isHere(run)) return [];
  const threads = target.kind === 'builtin' ? (target.processes ?? 1) : environment.cores;
  return [limiter(leg, 'cpu', (Math.min(threads, environment.cores) * 1000) / targetCpuMs, 'opens per second')];
}

const limiter = (
  { name, protocol }: LegSummary,
  what: Limiter['what'],
  at: number,
  unit: Limiter['unit'],
): Limiter => ({
  leg: name,
  protocol,
  what,
  at: Math.max(0, Math.floor(at)),
  unit,
});
