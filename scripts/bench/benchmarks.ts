import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import type { EngineName } from '../../fleet/engines/index.ts';
import { generators } from '../generators/compare.ts';
import { rtt } from '../rtt/check.ts';
import type { BenchPart } from './benchmark.ts';
import { broadcastToMany } from './broadcast.ts';
import { broadcastBesideK6 } from './broadcast-peers.ts';
import { buffers } from './buffers.ts';
import { fleetBench } from './fleet.ts';
import { fleetMillion } from './fleet-million.ts';
import { fuzz } from './fuzz.ts';
import { gateBench } from './gate.ts';
import { live } from './live.ts';
import { meterRead } from './meter-read.ts';
import { million } from './million.ts';
import { mqttMany } from './mqtt-many.ts';
import { ledger, predictive, repeatable } from './numbers.ts';
import { openings } from './openings.ts';
import { pages } from './pages.ts';
import { portRange } from './port-range.ts';
import { records } from './records.ts';
import { report } from './report.ts';
import { type RigRun, rigRun } from './rig-run.ts';
import { measureRunScrapes } from './run-scrape.ts';
import { measureScrape } from './scrape.ts';
import { measureServerOverhead } from './server-overhead.ts';
import { slowBench } from './slow.ts';
import { socketioBench } from './socketio.ts';
import { stormBench } from './storm.ts';
import { strangers } from './strangers.ts';
import { timeToAnswer } from './time-to-answer.ts';
import { tlsBench } from './tls.ts';
import { tlsAdds } from './tls-adds.ts';
import { tlsMany } from './tls-many.ts';
import { vanishBench } from './vanish.ts';

const bytes = (value: number): string => `${humanCount(value)} B`;
const perConnection = (leg: LegSummary, which: 'user' | 'kernel'): number =>
  leg.perConnection?.[which]?.bytes ?? Number.NaN;

const opens: BenchPart = {
  name: 'opens',
  method:
    '`connrig run` against its own server on this machine, no pace (`--rate 100k/s`), levels 5,000, 10,000 and 15,000; 3 rounds, engines by turns, medians. CPU is the whole client, per connection opened while ramping.',
  async measure() {
    const runs: Record<EngineName, RigRun[]> = { node: [], epoll: [], uring: [] };
    for (let round = 0; round < 3; round++) {
      for (const engine of ['node', 'epoll'] as const) {
        runs[engine].push(await rigRun('--engine', engine, '--rate', '100k/s', '--levels', '5k,10k,15k'));
      }
    }
    const over = (engine: EngineName, of: (run: RigRun) => number): number => median(runs[engine].map(of));
    const rate = (engine: EngineName, leg: number): number =>
      over(engine, ({ summary }) => summary.legs[leg]?.open.ratePerSecond ?? 0);
    const cpu = (engine: EngineName, leg: number): number =>
      over(engine, (run) => run.cpuMicrosPerOpen[leg] ?? Number.NaN);
    const own = (engine: EngineName): number =>
      over(engine, ({ summary }) => summary.generator.bytesPerConnection ?? Number.NaN);
    const ratio = cpu('epoll', 1) / cpu('node', 1);
    return [
      {
        what: 'node engine: tcp opens per second',
        value: humanCount(rate('node', 0)),
        target: '≥ 4,000',
        holds: rate('node', 0) >= 4000,
      },
      {
        what: 'node engine: ws opens per second',
        value: humanCount(rate('node', 1)),
        target: '≥ 2,500',
        holds: rate('node', 1) >= 2500,
      },
      {
        what: "node engine: client's own cost per connection",
        value: bytes(own('node')),
        target: '≤ 5,000 B',
        holds: own('node') <= 5000,
      },
      { what: 'epoll engine: tcp opens per second', value: humanCount(rate('epoll', 0)), target: '', holds: true },
      { what: 'epoll engine: ws opens per second', value: humanCount(rate('epoll', 1)), target: '', holds: true },
      { what: "epoll engine: client's own cost per connection", value: bytes(own('epoll')), target: '', holds: true },
      { what: 'node engine: CPU per ws open', value: `${cpu('node', 1).toFixed(0)} µs`, target: '', holds: true },
      {
        what: 'epoll engine: CPU per ws open',
        value: `${cpu('epoll', 1).toFixed(0)} µs (${ratio.toFixed(2)} of it)`,
        target: '≤ half of the node engine',
        holds: ratio <= 0.5,
      },
    ];
  },
};

const many: BenchPart = {
  name: 'many',
  method:
    '100,000 idle `ws` in one run against our own server (`--rate 20k/s`, five levels), where a process may open 20,000 files.',
  async measure() {
    const { summary } = await rigRun('--protocol', 'ws', '--levels', '20k,40k,60k,80k,100k', '--rate', '20k/s');
    const { generator, legs } = summary;
    const failed = (legs[0]?.attempts ?? 0) - (legs[0]?.outcomes.open ?? 0);
    const rssBytes = generator.rssBytes ?? Number.NaN;
    const each = generator.bytesPerConnection ?? Number.NaN;
    return [
      { what: 'attempts that failed', value: humanCount(failed), target: '0', holds: failed === 0 },
      {
        what: "client's RSS, at most",
        value: `${humanCount(rssBytes / 1e6)} MB`,
        target: '≤ 160 MB',
        holds: rssBytes <= 160e6,
      },
      { what: "client's own cost per connection", value: bytes(each), target: '≤ 128 B', holds: each <= 128 },
      { what: 'opens per second', value: humanCount(legs[0]?.open.ratePerSecond ?? 0), target: '', holds: true },
    ];
  },
};

const agreement: BenchPart = {
  name: 'agreement',
  method: 'Five default runs of 5,000 `ws`, a fresh server each: how far the user cost of each lies from their median.',
  async measure() {
    const legs: LegSummary[] = [];
    for (let i = 0; i < 5; i++) legs.push((await rigRun('--protocol', 'ws')).summary.legs[0]!);
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

const overhead: BenchPart = {
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

const scrape: BenchPart = {
  name: 'scrape',
  method:
    '`/metrics` of the reference server with 10,000 open `ws` connections, 20 scrapes; and of a run that holds 100,000, ten times a second at its highest levels.',
  async measure() {
    const { medianMs, maxMs } = await measureScrape();
    const run = await measureRunScrapes(100_000);
    const heldMs = median(run.heldMs);
    const [first, last] = run.rssBytes;
    return [
      { what: 'server, median', value: `${medianMs.toFixed(1)} ms`, target: '< 20 ms', holds: medianMs < 20 },
      { what: 'server, worst', value: `${maxMs.toFixed(1)} ms`, target: '< 20 ms', holds: maxMs < 20 },
      {
        what: `run, median of ${run.heldMs.length} while it holds`,
        value: `${heldMs.toFixed(1)} ms`,
        target: '< 20 ms',
        holds: heldMs < 20,
      },
      {
        what: `run, mean of all ${run.scrapes} by its own account`,
        value: `${run.ownMs.toFixed(1)} ms`,
        target: '< 20 ms',
        holds: run.ownMs < 20,
      },
      {
        what: `run, median of ${run.rampingMs.length} while connections open`,
        value: run.rampingMs.length === 0 ? '–' : `${median(run.rampingMs).toFixed(1)} ms`,
        target: '',
        holds: true,
      },
      { what: 'run, series', value: humanCount(run.series), target: '< 300', holds: run.series < 300 },
      { what: 'run, size of the page', value: bytes(run.bytes), target: '', holds: true },
      {
        what: "run, client's RSS from the first to the last scrape",
        value: `${humanCount(first / 1e6)} to ${humanCount(last / 1e6)} MB`,
        target: '',
        holds: true,
      },
    ];
  },
};

export const PARTS: readonly BenchPart[] = [
  ...[opens, agreement, ledger, repeatable, predictive, overhead, scrape, many, portRange, pages],
  ...[
    buffers,
    generators,
    rtt,
    meterRead,
    live,
    report,
    gateBench,
    fuzz,
    records,
    strangers,
    tlsBench,
    tlsAdds,
    tlsMany,
    mqttMany,
    socketioBench,
    openings,
    slowBench,
    vanishBench,
    million,
    broadcastToMany,
    broadcastBesideK6,
    stormBench,
    fleetBench,
    fleetMillion,
    timeToAnswer,
  ].map((part): BenchPart => ({ ...part, onDemand: true })),
];

const inRange = (value: number, low: number, high: number): boolean => value >= low && value <= high;
