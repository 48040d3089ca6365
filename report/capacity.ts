import type { RunFile } from '../core/record.ts';
import type { LegSummary, Summary } from '../core/summary.ts';

/** Round numbers people plan with. */
const FORECAST_AT = [10_000, 100_000, 1_000_000];
/** Descriptors a server needs for itself. */
const OWN_DESCRIPTORS = 64;

/** What the target would take at round numbers of connections, by the line through the levels. */
export function forecastOf(leg: LegSummary): Summary['forecast'] {
  const total = leg.perConnection?.total;
  const top = leg.levels.at(-1)?.open;
  const { baselineBytes } = leg;
  if (!total || top === undefined || baselineBytes === null) return [];
  return FORECAST_AT.filter((connections) => connections > top).map((connections) => ({
    protocol: leg.protocol,
    connections,
    bytes: Math.round(baselineBytes + total.bytes * connections),
    low: Math.round(baselineBytes + total.low * connections),
    high: Math.round(baselineBytes + total.high * connections),
    extrapolation: connections / top,
  }));
}

/** Where each limit lies, the nearest first. A limit that can't be known isn't listed. */
export function limitersOf(run: RunFile, leg: LegSummary, index: number): Summary['limiters'] {
  const { environment, target, generator } = run;
  const found: Array<[Summary['limiters'][number]['what'], number]> = [];
  const total = leg.perConnection?.total;
  if (total && total.high > 0 && leg.baselineBytes !== null) {
    found.push(['memory', (environment.memoryLimitBytes - leg.baselineBytes) / total.high]);
  }
  if (target.descriptorLimit !== null) {
    found.push(['fds', (target.descriptorLimit - OWN_DESCRIPTORS) * (target.processes ?? 1)]);
  }
  const laidOut = generator.legs[index];
  if (environment.ephemeralPorts !== null && laidOut) {
    const [first, last] = environment.ephemeralPorts;
    found.push(['ports', (last - first + 1) * Math.max(1, laidOut.sources.length) * laidOut.destinations]);
  }
  return found
    .map(([what, at]) => ({ protocol: leg.protocol, what, at: Math.max(0, Math.floor(at)) }))
    .sort((a, b) => a.at - b.at);
}
