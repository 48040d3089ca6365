import { z } from 'zod';
import type { LegSummary, Rtt } from '../core/leg-summary.ts';
import { lineAt, mostWithin, predictAt } from '../core/predict.ts';
import type { RunFile } from '../core/record.ts';
import type { Summary } from '../core/summary.ts';
import { isHere, type MemoryLimit } from './memory-limit.ts';
import { isUnanswered } from './opening.ts';

/** Round numbers people plan with. */
const FORECAST_AT = [10_000, 100_000, 1_000_000];
/** Descriptors a server needs for itself. */
export const OWN_DESCRIPTORS = 64;
/** Beyond this many times the largest level measured a forecast is a guess. */
const MOST_EXTRAPOLATION = 2;

/** What the record's config says of capacity; a record may come from a version that knew none of it. */
const Settings = z.object({
  headroomPercent: z.number().default(20),
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
  if (lines.length === 0 || top === undefined) return [];
  return FORECAST_AT.filter((connections) => connections > top).map((connections) => {
    const { bytes, low, high } = predictAt(lineAt(lines, connections), connections);
    return {
      protocol: leg.protocol,
      connections,
      bytes: Math.round(bytes),
      // No target takes less than nothing, however far its levels scatter.
      low: Math.round(Math.min(bytes, Math.max(0, low))),
      high: Math.round(high),
      ...extrapolationTo(connections, top),
    };
  });
}

/**
 * How many connections the memory limit holds; none where limit or cost isn't known, or the cost may be 0 or less. The
 * limit of a cgroup is on what that is charged for, where nobody else is in it. What isn't charged still has to fit into
 * the machine.
 */
export function capacityOf(run: RunFile, leg: LegSummary, limit: MemoryLimit | null): Capacity[] {
  const top = leg.levels.at(-1)?.open;
  if (top === undefined || limit === null) return [];
  const { headroomPercent } = settingsOf(run);
  const total = { of: 'total' as const, memoryLimitBytes: limit.bytes, lines: linesOf(leg) };
  const charged = leg.chargedFit?.lines ?? [];
  const fitting =
    limit.basis !== 'cgroup' || limit.machineBytes === null || charged.length === 0
      ? [total]
      : [
          { of: 'charged' as const, memoryLimitBytes: limit.bytes, lines: charged },
          { ...total, memoryLimitBytes: limit.machineBytes },
        ];
  const [least] = fitting
    .map(({ of, memoryLimitBytes, lines }) => ({
      ...{ protocol: leg.protocol, of, memoryLimitBytes, headroomPercent },
      connections: lines.length === 0 ? null : mostWithin(lines, memoryLimitBytes * (1 - headroomPercent / 100)),
    }))
    .filter((one): one is typeof one & { connections: number } => one.connections !== null)
    .sort((a, b) => a.connections - b.connections);
  return least === undefined ? [] : [{ ...least, ...extrapolationTo(least.connections, top) }];
}

/** By which `total` is predicted; none where it isn't known. */
export const linesOf = ({ fit, perConnection }: LegSummary): NonNullable<LegSummary['fit']>['lines'] =>
  perConnection?.total ? (fit?.lines ?? []) : [];

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
  if (environment.ephemeralPorts !== null && laidOut) {
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
  const ofConnections = found
    .map(([what, at]): Limiter => limiter(leg, what, at, 'connections'))
    .sort((a, b) => a.at - b.at);
  const ofRate = cpuLimiters(run, leg);
  const pace = run.plan.legs[index]?.connectsPerSecond ?? 0;
  return ofRate.some(({ at }) => at <= pace) ? [...ofRate, ...ofConnections] : [...ofConnections, ...ofRate];
}

/** The first level whose round trips passed the limit. */
function firstTooSlow(run: RunFile, { levels }: LegSummary): number | undefined {
  const { rttLimitMs } = settingsOf(run);
  if (rttLimitMs === undefined) return undefined;
  const isOver = (rtt: Rtt): boolean => isUnanswered(rtt) || (rtt.p99Ms !== null && rtt.p99Ms > rttLimitMs);
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

const limiter = ({ protocol }: LegSummary, what: Limiter['what'], at: number, unit: Limiter['unit']): Limiter => ({
  protocol,
  what,
  at: Math.max(0, Math.floor(at)),
  unit,
});
