/**
 * PromQL that names only what exists. Series come from the catalogue by key, their labels and values are checked by the
 * compiler. The text between them is refused when it holds a word that is neither PromQL nor a label of ours.
 */
import { type HistogramKey, type LabelsOf, METRICS, type MetricKey } from '../core/metrics/catalogue.ts';
import { RECORDED, type RecordedKey, type RecordedLabelsOf } from './recorded.ts';
import { VARIABLES, type VariableName } from './variables.ts';

/** An expression, and the names of all series in it. */
export interface PromQl {
  readonly text: string;
  readonly series: ReadonlySet<string>;
}

/** One value, any of several, all but some, or what a variable of the dashboard says (of which some take several). */
export type Matcher<V extends string> =
  | V
  | readonly V[]
  | { readonly not: V | readonly V[] }
  | { readonly variable: VariableName };
type Matchers<L> = { readonly [K in keyof L]?: Matcher<L[K] & string> };
/** Labels that Prometheus itself gives to what it scrapes. */
interface ScrapeLabels {
  readonly job: string;
  readonly instance: string;
}
type PlainKey = Exclude<MetricKey, HistogramKey>;

/** A counter or gauge of the catalogue. */
export const metric = <K extends PlainKey>(key: K, matchers: Matchers<LabelsOf<K> & ScrapeLabels> = {}): PromQl =>
  selector(METRICS[key].name, matchers);

/** One of the series that a histogram of the catalogue has. */
export const histogram = <K extends HistogramKey>(
  key: K,
  which: 'bucket' | 'count' | 'sum',
  matchers: Matchers<LabelsOf<K> & ScrapeLabels> = {},
): PromQl => selector(`${METRICS[key].name}_${which}`, matchers);

/** A series that a recording rule of ours makes. */
export const recorded = <K extends RecordedKey>(key: K, matchers: Matchers<RecordedLabelsOf<K>> = {}): PromQl =>
  selector(RECORDED[key].name, matchers);

/**
 * An expression from pieces. A piece that has operators of its own keeps what it means: it gets parentheses.
 *
 * @throws TypeError for a word that is no keyword, function or label, such as the name of a metric written by hand
 */
export function promql(texts: TemplateStringsArray, ...pieces: ReadonlyArray<PromQl | number>): PromQl {
  for (const text of texts) refuseStrangers(text);
  const words = pieces.map((piece, i) => {
    if (typeof piece === 'number') return String(piece);
    const isAlone = texts[i]!.endsWith('(') && texts[i + 1]!.startsWith(')');
    return hasOperators(piece.text) && !isAlone ? `(${piece.text})` : piece.text;
  });
  const series = pieces.flatMap((piece) => (typeof piece === 'number' ? [] : [...piece.series]));
  return {
    text: texts.reduce((before, text, i) => before + words[i - 1]! + text),
    series: new Set(series),
  };
}

function selector(name: string, matchers: Readonly<Record<string, Matcher<string> | undefined>>): PromQl {
  const inner = Object.entries(matchers).flatMap(([label, matcher]) =>
    matcher === undefined ? [] : [`${label}${condition(matcher)}`],
  );
  return { text: inner.length === 0 ? name : `${name}{${inner.join(',')}}`, series: new Set([name]) };
}

function condition(matcher: Matcher<string>): string {
  if (typeof matcher === 'string') return `="${matcher}"`;
  // A pattern reads a + in a name as a sign of its own.
  if (isList(matcher)) return matcher.length === 1 ? `="${matcher[0]}"` : `=~"${matcher.join('|')}"`;
  if ('variable' in matcher) return `${VARIABLES[matcher.variable].multi ? '=~' : '='}"$${matcher.variable}"`;
  return isList(matcher.not) ? `!~"${matcher.not.join('|')}"` : `!="${matcher.not}"`;
}

/** Outside of all parentheses, braces and brackets. */
function hasOperators(text: string): boolean {
  let bare = text;
  for (let before = ''; before !== bare; ) {
    before = bare;
    bare = before.replaceAll(/"[^"]*"|\([^()]*\)|\{[^{}]*\}|\[[^[\]]*\]/g, '');
  }
  return /[-+*/%^<>=!]|\b(?:and|or|unless|offset)\b/.test(bare);
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

const WORDS: ReadonlySet<string> = new Set([
  ...['and', 'or', 'unless', 'on', 'ignoring', 'group_left', 'group_right', 'by', 'without', 'bool', 'offset', 'end'],
  ...['sum', 'min', 'max', 'count', 'avg', 'topk'],
  ...['rate', 'increase', 'deriv', 'floor', 'time', 'histogram_quantile'],
  ...['sum_over_time', 'count_over_time', 'max_over_time', 'min_over_time', 'last_over_time'],
]);
const LABELS: ReadonlySet<string> = new Set([
  ...Object.values(METRICS).flatMap(({ labels }) => Object.keys(labels)),
  ...['job', 'instance', 'run', 'le'],
]);

function refuseStrangers(text: string): void {
  // Strings are values of labels; a unit follows its number at once, and a variable its dollar.
  const bare = text.replaceAll(/"[^"]*"/g, '').replaceAll(/\$__\w+|\b(?:\d+[a-z]+)+\b/g, '');
  for (const [word] of bare.matchAll(/[$a-zA-Z_:][\w:]*/g)) {
    if (!WORDS.has(word) && !LABELS.has(word)) throw new TypeError(`"${word}" is no word of PromQL, and no label`);
  }
}
