import { besideNoun, type Called, nounsOf } from '../../core/protocols/nouns.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { EarlierRun, RunFile } from '../../core/schemas/record.ts';
import type { Growth, Summary } from '../../core/schemas/summary.ts';
import { allowedGrowthBytes, type Cost, differenceOf, growsBeyond, staysWithin } from '../../core/stats/difference.ts';
import { costOf } from '../compare/comparison.ts';
import { agreementDoubts, type Doubtable, differingIn, doubtsAbout, scatterDoubts } from '../compare/doubts.ts';
import { bytes, type Phrase, percent, type Quantity, say } from '../words/phrase.ts';

type Against = NonNullable<Summary['baseline']>;

/**
 * What the run's costs come to against those of the earlier run that its record keeps (--baseline), by the statistics of
 * `connrig compare`; undefined where it was held against none.
 */
export function growthOf({ baseline, plan }: RunFile, legs: readonly LegSummary[]): Summary['baseline'] {
  if (!baseline) return undefined;
  const { folder, run, maxGrowthPercent } = baseline;
  return {
    folder,
    name: run.name,
    startedAt: run.startedAt,
    maxGrowthPercent,
    legs: plan.legs.flatMap((planned) => {
      const { name } = planned;
      const earlier = baseline.legs.find((leg) => leg.name === name);
      const own = legs.find((leg) => leg.name === name) ?? null;
      // The run has warned of a leg that can't be compared, before it began.
      return earlier && (earlier.total || earlier.user) ? [growthOfLeg(earlier, own, planned, maxGrowthPercent)] : [];
    }),
  };
}

function growthOfLeg(
  earlier: EarlierRun['legs'][number],
  own: LegSummary | null,
  { transport, family }: Pick<Called, 'transport' | 'family'>,
  allowedPercent: number,
): Growth {
  const { name: leg, protocol, launches, coarseBytes } = earlier;
  const called = { leg, protocol, transport, family };
  for (const part of ['total', 'user'] as const) {
    const [first, second]: Array<Cost | null> = [
      earlier[part] && { ...earlier[part], launches, coarseBytes },
      costOf(own, part),
    ];
    if (!first || !second) continue;
    const difference = differenceOf(first, second);
    const allowedBytes = allowedGrowthBytes(first.bytes, allowedPercent);
    const passed = staysWithin(difference, allowedBytes);
    const isShown = passed || growsBeyond(difference, allowedBytes);
    const bytes = { baselineBytes: first.bytes, bytes: second.bytes };
    return { ...called, part, ...bytes, difference, passed, isShown };
  }
  const baselineBytes = (earlier.total ?? earlier.user)?.bytes ?? null;
  // A cost that is inconclusive may still be found by another run, one that nobody measured may not.
  const isShown = !own?.inconclusive;
  return { ...called, part: null, baselineBytes, bytes: null, difference: null, passed: false, isShown };
}

/** What speaks against the comparison; nothing where none was made. */
export function growthWarnings(run: RunFile, against: Summary['baseline'], own: readonly LegSummary[]): string[] {
  const compared = against?.legs.filter(({ difference }) => difference !== null) ?? [];
  if (!run.baseline || !against || compared.length === 0) return [];
  const { run: earlier, status, problems, legs } = run.baseline;
  const first: Doubtable = {
    called: 'the earlier run',
    run: earlier,
    status,
    problems,
    legs: compared.map(({ leg: name }) => ({
      name,
      isCostKnown: true,
      rSquared: legs.find((leg) => leg.name === name)?.rSquared ?? null,
      tls: legs.find((leg) => leg.name === name)?.tls ?? null,
    })),
  };
  // How this run ended, and how straight its levels are, is told of it anyway.
  const second: Doubtable = {
    called: 'this run',
    run,
    status: 'measured',
    problems: [],
    legs: own.map(({ name, tls }) => ({ name, isCostKnown: true, rSquared: null, tls })),
  };
  const both = [first, second];
  return [...differingIn(both), ...agreementDoubts(both), ...doubtsAbout(first), ...scatterDoubts(both)];
}

/** What is not shown of a leg, either way. */
export function openGrowth(growth: Growth, against: Against): Phrase {
  const { baselineBytes, difference } = growth;
  const { folder, maxGrowthPercent } = against;
  const one = oneMore(growth);
  if (!difference) return say`what ${one} costs is inconclusive, so its growth over ${folder} is not known`;
  const ofBefore = (value: number): Quantity => percent((value / baselineBytes!) * 100, 1);
  const range = say`${ofBefore(difference.low)} to ${ofBefore(difference.high)}`;
  return say`whether ${one} costs over ${allowed(maxGrowthPercent)} more than in ${folder} is not shown: the growth is ${range}`;
}

/** Why a leg has not passed. */
export function growthFailure(growth: Growth, { folder, maxGrowthPercent }: Against): Phrase {
  const { part, difference } = growth;
  const one = oneMore(growth);
  if (!difference) return say`what ${one} costs is not known, so neither is its growth over ${folder}`;
  const share = difference.percent === null ? '' : say` (${percent(difference.percent, 1)})`;
  const where = part === 'user' ? ' in user space alone' : '';
  return say`${one} costs ${bytes(difference.bytes)}${share} more than in ${folder}${where}, at least ${bytes(difference.low)}; ${allowed(maxGrowthPercent)} is allowed`;
}

const oneMore = (growth: Growth): string => `one more ${nounsOf(growth)[0]}${besideNoun(growth.leg, growth)}`;

/** As it was asked for. */
export const allowed = (maxGrowthPercent: number): Quantity => ({
  value: maxGrowthPercent,
  text: `${maxGrowthPercent} %`,
});
