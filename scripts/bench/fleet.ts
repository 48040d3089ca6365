import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { measureSkews } from './fleet/skew.ts';
import { whyNoHosts, withStage } from './fleet/stage.ts';
import { measureTakeovers, type Takeovers } from './fleet/takeover.ts';
import { type Flow, measureTraffic, ofBothWays, type Traffic } from './fleet/traffic.ts';

const WORKERS = 4;
const SIZES = [4000, 36_000] as const;
const MOST_SKEW_MS = 2;
const MOST_TAKEOVER_MS = 15_000;
const MOST_BYTES_PER_SECOND = 20_000;
const MOST_MAIN_SHARE = 0.03;

export const fleetBench: BenchPart = {
  name: 'fleet',
  method: `A run over ${WORKERS} workers, a Redis and a target, each in a network namespace of its own${whyNoHosts() === undefined ? '' : ` (not here: ${whyNoHosts()}. All are at 127.0.0.1)`}. Start skew: of each ramp how far the first arrivals from the workers lie from their planned moments to each other, by the clock of the target. Takeover: from SIGKILL of a worker until another one's first connection, with the lock time that is the default. Traffic: bytes that Redis took and gave.`,
  async measure() {
    // The target tells workers apart by their addresses.
    const skews = whyNoHosts() === undefined ? await withStage(WORKERS, measureSkews) : [];
    const takeovers = whyNoHosts() === undefined ? await withStage(3, measureTakeovers) : undefined;
    const traffics = await withStage(WORKERS, async (stage) => {
      const all: Traffic[] = [];
      for (const size of SIZES) all.push(await measureTraffic(stage, size));
      return all;
    });
    return [
      ...(skews.length > 0 ? [skewFigure(skews)] : []),
      ...(takeovers ? takeoverFigures(takeovers) : []),
      ...SIZES.flatMap((size, i) => trafficFigures(size, traffics[i]!)),
    ];
  },
};

function skewFigure(skews: readonly number[]): Figure {
  const [middle, most] = [median(skews), Math.max(...skews)];
  return {
    what: `start skew of ${skews.length} ramps: median, most`,
    value: `${middle.toFixed(2)} ms, ${most.toFixed(2)} ms`,
    target: `median ≤ ${MOST_SKEW_MS} ms`,
    holds: middle <= MOST_SKEW_MS,
  };
}

function takeoverFigures({ connections, firstMs, allMs, most }: Takeovers): Figure[] {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const slowest = Math.max(...allMs);
  return [
    {
      what: `takeover, ${firstMs.length} times: median, slowest`,
      value: `${seconds(median(firstMs))}, ${seconds(slowest)}`,
      target: `≤ ${seconds(MOST_TAKEOVER_MS)}`,
      holds: slowest <= MOST_TAKEOVER_MS,
    },
    {
      what: 'the most at once at the target meanwhile',
      value: humanCount(most),
      target: `≤ ${humanCount(connections)}: never both`,
      holds: most <= connections,
    },
  ];
}

function trafficFigures(size: number, { holding, ramping, mainShare }: Traffic): Figure[] {
  const flow = (what: string, one: Flow): Figure => ({
    what: `traffic at ${humanCount(size)}, ${what}`,
    value: `${(ofBothWays(one) / 1000).toFixed(1)} KB/s (${(one.inBytes / 1000).toFixed(1)} in)`,
    target: `≤ ${MOST_BYTES_PER_SECOND / 1000} KB/s`,
    holds: ofBothWays(one) <= MOST_BYTES_PER_SECOND,
  });
  return [
    flow('held', holding),
    flow('in a ramp', ramping),
    {
      what: `the conductor's main thread at ${humanCount(size)}`,
      value: `${(mainShare * 100).toFixed(1)} % of a core`,
      target: `≤ ${MOST_MAIN_SHARE * 100} %`,
      holds: mainShare <= MOST_MAIN_SHARE,
    },
  ];
}
