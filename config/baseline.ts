import type { EarlierRun } from '../core/schemas/record.ts';
import { LEAST_LEVELS } from '../core/stats/slope.ts';
import type { Plan } from '../core/values/plan.ts';
import { word } from '../core/values/shell.ts';
import { toWarning, type Warning } from '../core/values/warnings.ts';

type EarlierLeg = EarlierRun['legs'][number];

/** The options that say where the memory of a target at a URL is read. */
type Target = Partial<Record<'command' | 'pid' | 'exporter', unknown>> & { readonly urls: readonly unknown[] };

/** Why a run of this plan can't be held against that one, whatever it comes to; none where at least one leg can. */
export function baselineProblems({ folder, legs }: EarlierRun, plan: Plan, target: Target): string[] {
  const { urls, command, pid, exporter } = target;
  if (urls.length > 0 && command === undefined && pid === undefined && exporter === undefined) {
    return ["nobody tells this target's memory, so its cost can't be compared; give --pid, --command or --exporter"];
  }
  const [first] = plan.legs;
  if (first && first.levels.length < LEAST_LEVELS) {
    return [`what one more connection costs takes ${LEAST_LEVELS} levels, and this run has ${first.levels.length}`];
  }
  const names = plan.legs.map(({ name }) => name);
  const common = legs.filter(({ name }) => names.includes(name));
  const has = `${folder} has ${legs.map(({ name }) => name).join(', ')}, this run ${names.join(', ')}`;
  if (common.length === 0) return [`no leg in common: ${has}`];
  if (common.some(isCostKnown)) return [];
  return [
    `${folder} doesn't know what one more ${common.map(({ name }) => name).join(' or ')} connection costs (connrig report ${word(folder)})`,
  ];
}

/** Which legs can't be compared although others can, to be told before the run begins. */
export const baselineWarnings = ({ folder, legs }: EarlierRun, plan: Plan): Warning[] =>
  plan.legs.flatMap(({ name }) => {
    const earlier = legs.find((leg) => leg.name === name);
    if (earlier && isCostKnown(earlier)) return [];
    return [toWarning('WBASELINE', { leg: name, folder, hasLeg: earlier !== undefined })];
  });

const isCostKnown = ({ total, user }: EarlierLeg): boolean => total !== null || user !== null;
