import { BROADCAST_METRICS } from '../../core/metrics/broadcast.ts';
import { listKeys, METRICS, type MetricKey } from '../../core/metrics/catalogue.ts';
import { CHURN_METRICS } from '../../core/metrics/churn.ts';
import { FLEET_METRICS } from '../../core/metrics/fleet.ts';
import { SLOW_METRICS } from '../../core/metrics/slow.ts';
import { STORM_METRICS } from '../../core/metrics/storm.ts';
import { VANISH_METRICS } from '../../core/metrics/vanish.ts';

/** What runs of one behaviour tell alone. */
const OF_ONE_BEHAVIOUR = listKeys({
  ...BROADCAST_METRICS,
  ...SLOW_METRICS,
  ...STORM_METRICS,
  ...VANISH_METRICS,
  ...CHURN_METRICS,
});

/** What a run doesn't tell whose connections are plain, held here, and echo: in the order of the catalogue. */
export const NOT_OF_ECHO: readonly MetricKey[] = [
  'tlsHandshakes',
  'tlsObjects',
  'eventGap',
  'answerHeld',
  'responses',
  'heartbeats',
  ...OF_ONE_BEHAVIOUR,
  'episodeMemory',
  ...listKeys(FLEET_METRICS),
];

/** Samples of a page of metrics: what stands before the value (name and labels) → the value. */
export function samplesIn(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const gap = line.lastIndexOf(' ');
    samples.set(line.slice(0, gap), Number(line.slice(gap + 1)));
  }
  return samples;
}

/** Rows that have no sample on any of these pages: nobody recorded them. */
export function findUnrecorded<K extends MetricKey>(
  keys: readonly K[],
  ...pages: ReadonlyArray<Map<string, number>>
): K[] {
  const seen = new Set(pages.flatMap((page) => [...page.keys()]).map((sample) => sample.replace(/\{.*/, '')));
  return keys.filter((key) => {
    const { kind, name } = METRICS[key];
    return !seen.has(kind === 'histogram' ? `${name}_count` : name);
  });
}
