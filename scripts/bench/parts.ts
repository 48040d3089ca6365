import { median } from '../../core/slope.ts';
import type { LegSummary, Summary } from '../../core/summary.ts';
import { humanCount } from '../../core/units.ts';
import type { Part } from './part.ts';
import { rigRun } from './rig-run.ts';
import { measureScrape } from './scrape.ts';
import { measureServerOverhead } from './server-overhead.ts';

const bytes = (value: number): string => `${humanCount(value)} B`;
const perConnection = (leg: LegSummary, which: 'user' | 'kernel'): number =>
  leg.perConnection?.[which]?.bytes ?? Number.NaN;

const opens: Part = {
  name: 'opens',
  method:
    '`connrig run` against its own server on this machine, no pace (`--rate 100k/s`), levels 5,000, 10,000 and 15,000; 3 runs, medians.',
  async measure() {
    const runs: Summary[] = [];
    for (let i = 0; i < 3; i++) runs.push(await rigRun('--rate', '100k/s', '--levels', '5k,10k,15k'));
    const rateOf = (index: number): number => median(runs.map(({ legs }) => legs[index]?.open.ratePerSecond ?? 0));
    const own = median(runs.map(({ generator }) => generator.bytesPerConnection ?? Number.NaN));
    const [tcp, ws] = [rateOf(0), rateOf(1)];
    return [
      { what: 'tcp opens per second', value: humanCount(tcp), target: '≥ 4,000', holds: tcp >= 4000 },
      { what: 'ws opens per second', value: humanCount(ws), target: '≥ 2,500', holds: ws >= 2500 },
      { what: "client's own cost per connection", value: bytes(own), target: '≤ 5,000 B', holds: own <= 5000 },
    ];
  },
};

const agreement: Part = {
  name: 'agreement',
  method: 'Five default runs of 5,000 `ws`, a fresh server each: how far the user cost of each lies from their median.',
  async measure() {
    const legs: LegSummary[] = [];
    for (let i = 0; i < 5; i++) legs.push((await rigRun('--protocol', 'ws')).legs[0]!);
    const costs = legs.map((leg) => perConnection(leg, 'user'));
    const middle = median(costs);
    const spread = Math.max(...costs.map((cost) => Math.abs(cost / middle - 1))) * 100;
    const worstFit = Math.min(...legs.map((leg) => leg.fit?.rSquared ?? 0));
    const kernel = median(legs.map((leg) => perConnection(leg, 'kernel')));
    const burst = median(legs.map((leg) => leg.burst?.userBytesPerConnection ?? Number.NaN));
    return [
      {
        what: 'user cost per ws connection, at rest',
        value: bytes(middle),
        target: '4,000–8,000 B',
        holds: inRange(middle, 4000, 8000),
      },
      {
        what: 'user cost per ws connection, after a burst',
        value: bytes(burst),
        target: '4,000–8,000 B',
        holds: inRange(burst, 4000, 8000),
      },
      {
        what: 'kernel cost per server end',
        value: bytes(kernel),
        target: '3,600–4,600 B',
        holds: inRange(kernel, 3600, 4600),
      },
      { what: 'furthest from the median', value: `${spread.toFixed(1)} %`, target: '≤ 5 %', holds: spread <= 5 },
      { what: 'worst R²', value: worstFit.toFixed(4), target: '≥ 0.99', holds: worstFit >= 0.99 },
    ];
  },
};

const overhead: Part = {
  name: 'overhead',
  method:
    'Reference server against a bare `ws` echo server, fresh processes by turns, slope of Pss_Anon over 2,000 to 6,000 connections, 5 rounds, medians.',
  async measure() {
    const { bareBytes, ourBytes, percent } = await measureServerOverhead();
    return [
      { what: 'bare server, per connection', value: bytes(bareBytes), target: '', holds: true },
      { what: 'reference server, per connection', value: bytes(ourBytes), target: '≤ 3 % more', holds: percent <= 3 },
    ];
  },
};

const scrape: Part = {
  name: 'scrape',
  method: '`/metrics` of the reference server with 10,000 open `ws` connections, 20 scrapes.',
  async measure() {
    const { medianMs, maxMs } = await measureScrape();
    return [
      { what: 'median', value: `${medianMs.toFixed(1)} ms`, target: '< 20 ms', holds: medianMs < 20 },
      { what: 'worst', value: `${maxMs.toFixed(1)} ms`, target: '< 20 ms', holds: maxMs < 20 },
    ];
  },
};

export const PARTS: readonly Part[] = [opens, agreement, overhead, scrape];

const inRange = (value: number, low: number, high: number): boolean => value >= low && value <= high;
