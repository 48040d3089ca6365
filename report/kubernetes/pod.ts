import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Line, lineAt, mostWithin, predictAt } from '../../core/stats/predict.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { RigError } from '../../core/values/errors.ts';
import { extrapolationTo, LEAST_TOP } from '../fold/capacity.ts';
import { chosenRow } from '../fold/sizing.ts';
import { chargedCostsOf, costsOf } from '../fold/two-costs.ts';

const MIB = 2 ** 20;

/** One pod, as its figures follow from a run. */
export interface Pod {
  readonly leg: LegSummary;
  /** Connections it is to hold, K. */
  readonly connections: number;
  /** Its limit of memory. */
  readonly memoryMib: number;
  readonly headroomPercent: number;
  /** What the memory less the headroom holds by the line itself, without its interval; null: more than any machine does. */
  readonly connectionsByLine: number | null;
  /** What K connections take by the dearest of the lines, with the 95 % interval of the prediction. */
  readonly atConnections: Estimate;
  readonly sizedBy: 'rest' | 'burst';
  /** Times as many as were measured, and whether that is a guess. */
  readonly extrapolation: number;
  readonly beyond: boolean;
  /** What all connections wanted take, those that may be lost included. */
  readonly pods: number;
  readonly spare: number;
  readonly wanted: number;
}

/**
 * The figures of one pod, by the statistics of the report's capacity: the upper bound of prediction has to fit into the
 * memory less the headroom. The leg is the one of which the fewest fit.
 *
 * @param perPod connections of a pod, which then gets the memory they need; undefined: what the memory size of the report's
 * settings holds
 * @throws RigError EINCONCLUSIVE where no cost is known, or it may be 0
 */
export function podOf(summary: Summary, perPod?: number): Pod {
  const pods = summary.legs.flatMap((leg) => podOfLeg(summary, leg, perPod) ?? []);
  const [dearest] = pods.sort((a, b) => a.connections / a.memoryMib - b.connections / b.memoryMib);
  if (dearest === undefined) throw noCost(summary);
  return dearest;
}

function podOfLeg({ sizing }: Summary, leg: LegSummary, perPod: number | undefined): Pod | undefined {
  const row = sizing === null ? undefined : chosenRow(sizing, leg.name);
  const top = leg.levels.at(-1)?.open;
  if (sizing === null || row === undefined || top === undefined) return undefined;
  const { headroomPercent, spare, connections: wanted } = sizing;
  const { sizedBy } = row;
  const costs = [costsOf(leg), chargedCostsOf(leg)].map((one) => one[sizedBy]).filter((lines) => lines.length > 0);
  const kept = 1 - headroomPercent / 100;
  const connections = perPod ?? row.connections;
  const predicted = costs.map((lines) => predictAt(lineAt(lines, connections), connections));
  const atConnections = predicted.reduce((most, one) => (one.high > most.high ? one : most));
  const memoryMib = perPod === undefined ? row.settings.memoryMib : Math.ceil(atConnections.high / kept / MIB);
  const budgetBytes = memoryMib * MIB * kept;
  const byLine = costs.map((lines) => mostWithin(lines.map(withoutScatter), budgetBytes)).filter((one) => one !== null);
  return {
    leg,
    connections,
    memoryMib,
    headroomPercent,
    connectionsByLine: byLine.length === 0 ? null : Math.min(...byLine),
    atConnections,
    sizedBy,
    ...extrapolationTo(connections, top),
    pods: Math.ceil(wanted / connections) + spare,
    spare,
    wanted,
  };
}

const withoutScatter = (line: Line): Line => ({ ...line, residualBytes: 0 });

function noCost({ legs, error }: Summary): RigError {
  const doubts = legs.flatMap(({ inconclusive }) => inconclusive?.reasons ?? []);
  const [doubt] = doubts;
  const why = doubt?.sentence ?? error?.message ?? `it takes 3 levels or more, and ${LEAST_TOP} connections at the top`;
  return new RigError('EINCONCLUSIVE', `the run tells no cost of a connection that pods could be sized by: ${why}`, {
    hint: doubt?.remedy ?? 'connrig run URL --pid PID --connections 10k',
  });
}
