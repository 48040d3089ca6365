import { METRICS, type MetricKey } from '../../core/metrics/catalogue.ts';

/** What a run doesn't tell whose connections are plain, and echo: in the order of the catalogue. */
export const NOT_OF_ECHO: readonly MetricKey[] = [
  'tlsHandshakes',
  'tlsObjects',
  'eventGap',
  'answerHeld',
  'vanishedConnections',
  'vanishNotice',
  'vanishStillHeld',
  'deliveryTime',
  'deliveries',
  'deliveriesAwaited',
  'responses',
  'heartbeats',
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
