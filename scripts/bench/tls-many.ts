import { humanCount } from '../../core/values/units.ts';
import type { BenchPart } from './benchmark.ts';
import { rigRun } from './rig-run.ts';

const MOST_RSS_BYTES = 250e6;

export const tlsMany: BenchPart = {
  name: 'tls-many',
  method:
    '100,000 idle `wss` in one run against our own server (`--rate 800/s`, five levels), where a process may open 20,000 files.',
  async measure() {
    const { summary } = await rigRun('--protocol', 'wss', '--levels', '20k,40k,60k,80k,100k', '--rate', '800/s');
    const { generator, legs } = summary;
    const opened = legs[0]?.outcomes.open ?? 0;
    const failed = (legs[0]?.attempts ?? 0) - opened;
    const rssBytes = generator.rssBytes ?? Number.NaN;
    return [
      { what: 'opened', value: humanCount(opened), target: '≥ 100,000', holds: opened >= 100_000 },
      { what: 'attempts that failed', value: humanCount(failed), target: '0', holds: failed === 0 },
      {
        what: "client's RSS, at most",
        value: `${humanCount(rssBytes / 1e6)} MB`,
        target: `≤ ${MOST_RSS_BYTES / 1e6} MB`,
        holds: rssBytes <= MOST_RSS_BYTES,
      },
      {
        what: "client's own cost per connection",
        value: `${humanCount(generator.bytesPerConnection ?? Number.NaN)} B`,
        target: '',
        holds: true,
      },
      { what: 'opens per second', value: humanCount(legs[0]?.open.ratePerSecond ?? 0), target: '', holds: true },
    ];
  },
};
