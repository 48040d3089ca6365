/** A metric by name, and labels that its series must have: `process_resident_memory_bytes{job="api"}`. */
export interface Selector {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly text: string;
}

const NAME = /[a-zA-Z_:][\w:]*/y;
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n' };

/** @returns undefined for what isn't a name with or without labels in braces */
export function parseSelector(text: string): Selector | undefined {
  const series = parseSeries(text.trim());
  return series?.rest === '' ? { name: series.name, labels: series.labels, text: text.trim() } : undefined;
}

/**
 * The sum over all series of a metric in Prometheus' text format (OpenMetrics' too) that have the selector's labels.
 *
 * @returns undefined when there is none with a finite value
 */
export function sumSeries(text: string, { name, labels }: Selector): number | undefined {
  let sum: number | undefined;
  for (const series of readSeries(text, name)) {
    if ([...labels].some(([label, value]) => series.labels.get(label) !== value)) continue;
    sum = (sum ?? 0) + series.value;
  }
  return sum;
}

/** One sample of a metric. */
export interface ExposedSeries {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** It says when it was taken: who answers has it from elsewhere. */
  readonly hasTime: boolean;
}

/** All series of a metric that have a finite value. */
export function readSeries(text: string, name: string): ExposedSeries[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith(name)) return [];
    const series = parseSeries(line);
    if (series?.name !== name) return [];
    // What follows the value is a time, or an exemplar.
    const [digits = '', time = ''] = series.rest.trim().split(/\s+/);
    const value = Number(digits || Number.NaN);
    return Number.isFinite(value) ? [{ labels: series.labels, value, hasTime: /^-?[\d.]+$/.test(time) }] : [];
  });
}

/** Name and labels at the beginning of a text, and what comes after them. */
export function parseSeries(text: string): { name: string; labels: Map<string, string>; rest: string } | undefined {
  NAME.lastIndex = 0;
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return undefined;
  const labels = new Map<string, string>();
  if (text[name.length] !== '{') return { name, labels, rest: text.slice(name.length) };
  let at = name.length + 1;
  for (;;) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(text);
    if (!match) break;
    const [whole, label = '', value = ''] = match;
    labels.set(
      label,
      value.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter),
    );
    at += whole.length;
  }
  return text[at] === '}' ? { name, labels, rest: text.slice(at + 1) } : undefined;
}
