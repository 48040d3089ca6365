import { ledgerOf, userBytesOf } from '../../core/ledger/ledger.ts';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { median } from '../../core/stats/slope.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { type RigRun, rigRun } from './rig-run.ts';

const ROUNDS = 3;
const TOP = 50_000;
const FORECAST = 100_000;

export const ledger: BenchPart = {
  name: 'ledger',
  method: `\`connrig run --connections 50k --rate 20k/s\` against its own server, both legs, ${ROUNDS} rounds, medians (and the worst). *Unexplained* is what the host grew by beyond all rows; what the host lost is its growth from baseline to the top level, both ends of ${humanCount(TOP)} connections.`,
  async measure() {
    const runs = await inTurn(ROUNDS, () => rigRun('--connections', '50k', '--rate', '20k/s'));
    return (['tcp', 'ws'] as const).flatMap((protocol, leg) => {
      const slopes = runs.map(({ summary }) => {
        const { components, total } = summary.legs[leg]!.perConnection!;
        return Math.abs((components.unexplained ?? Number.NaN) / total!.bytes);
      });
      const closings = runs.map((run) => closingOf(run, leg));
      return [
        within(`${protocol}: unexplained of one more connection, of its total`, slopes),
        within(
          `${protocol}: unexplained at ${humanCount(TOP)}, of the target's growth`,
          closings.map((c) => c.ofTotal),
        ),
        within(
          `${protocol}: all rows against what the host lost at ${humanCount(TOP)}`,
          closings.map((c) => c.ofHost),
        ),
      ];
    });
  },
};

/** What the rows leave of the growth up to the top level: as shares of the target's own growth and of the host's. */
function closingOf({ memory }: RigRun, leg: number): { ofTotal: number; ofHost: number } {
  const points = memory.filter((point) => point.leg === leg);
  const baseline = points.find(({ phase }) => phase === 'baseline')!.readings;
  const top = points.filter(({ phase }) => phase === 'hold').at(-1) as MemoryPoint;
  const { total, unexplained, client } = ledgerOf(baseline, top.readings, { target: top.level, client: top.level });
  const ofTarget = total! - (userBytesOf({ target: baseline.target, exporter: null }) ?? Number.NaN);
  const clientBefore = userBytesOf({ target: baseline.client, exporter: null }) ?? Number.NaN;
  const ofClient = client.user! - clientBefore + client.kernel!;
  return {
    ofTotal: Math.abs(unexplained! / ofTarget),
    ofHost: Math.abs(unexplained! / (ofTarget + ofClient + unexplained!)),
  };
}

const within = (what: string, shares: readonly number[]): Figure => ({
  what,
  value: `${percent(median(shares))} (${percent(Math.max(...shares))})`,
  target: '≤ 5 %',
  holds: median(shares) <= 0.05,
});

export const repeatable: BenchPart = {
  name: 'repeatable',
  method:
    '`connrig run --protocol ws --connections 10k --rate 20k/s --launches 5`: a fresh server for each launch; how far their costs scatter.',
  async measure() {
    const { summary } = await rigRun('--protocol', 'ws', '--connections', '10k', '--rate', '20k/s', '--launches', '5');
    const { perConnection, launches } = summary.legs[0]!;
    const variation = launches?.coefficientOfVariation ?? Number.NaN;
    const { bytes, low, high } = perConnection!.total!;
    return [
      { what: 'coefficient of variation', value: percent(variation), target: '≤ 2 %', holds: variation <= 0.02 },
      {
        what: 'cost per connection and its interval over launches',
        value: `${humanBytes(bytes)} (${humanBytes(low)} to ${humanBytes(high)})`,
        target: '',
        holds: true,
      },
    ];
  },
};

export const predictive: BenchPart = {
  name: 'predictive',
  method: `Levels up to 10,000 forecast ${humanCount(FORECAST)}, then a run goes there. Both times it is our own server in 6 processes (one may open 20,000 files), no more than \`--rate 20k/s\`. The table has medians of ${ROUNDS} rounds (and the worst).`,
  async measure() {
    const plan = ['--processes', '6', '--rate', '20k/s'];
    const rounds = await inTurn(ROUNDS, async () => {
      const small = (await rigRun('--connections', '10k', ...plan)).summary;
      const large = (await rigRun('--levels', '50k,75k,100k', ...plan)).summary;
      return (['tcp', 'ws'] as const).map((protocol, leg) => {
        const forecast = small.forecast.find((one) => one.protocol === protocol && one.connections === FORECAST)!;
        const bytes = large.legs[leg]!.levels.at(-1)!.bytes.total!;
        return {
          error: Math.abs(forecast.bytes / bytes - 1),
          isInside: forecast.low <= bytes && bytes <= forecast.high,
        };
      });
    });
    return (['tcp', 'ws'] as const).flatMap((protocol, leg) => [
      within(
        `${protocol}: forecast against what was measured`,
        rounds.map((round) => round[leg]!.error),
      ),
      {
        what: `${protocol}: rounds whose interval of prediction held it`,
        value: `${rounds.filter((round) => round[leg]!.isInside).length} of ${ROUNDS}`,
        target: '',
        holds: true,
      },
    ]);
  },
};

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

async function inTurn<T>(times: number, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < times; i++) results.push(await measure());
  return results;
}
