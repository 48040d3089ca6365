/**
 * Quantities as people write them: `100k`, `64KiB`, `30s`, `2k/s`. One table; nothing else in the rig knows a unit.
 * Counts, bytes and durations are held as plain numbers in the base unit (1, byte, millisecond, 1 per second, hundredth).
 */
interface Unit {
  readonly suffix: string;
  readonly factor: number;
}
interface Kind {
  /** Largest first; the entry with factor 1 is what a bare number means. */
  readonly units: readonly Unit[];
  /** What other programs write for a unit, in small letters. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly example: string;
}

const COUNTS: readonly Unit[] = [
  { suffix: 'G', factor: 1e9 },
  { suffix: 'M', factor: 1e6 },
  { suffix: 'k', factor: 1e3 },
  { suffix: '', factor: 1 },
];

export const QUANTITIES = {
  count: { units: COUNTS, example: '100k' },
  bytes: {
    units: [
      { suffix: 'TiB', factor: 2 ** 40 },
      { suffix: 'TB', factor: 1e12 },
      { suffix: 'GiB', factor: 2 ** 30 },
      { suffix: 'GB', factor: 1e9 },
      { suffix: 'MiB', factor: 2 ** 20 },
      { suffix: 'MB', factor: 1e6 },
      { suffix: 'KiB', factor: 2 ** 10 },
      { suffix: 'kB', factor: 1e3 },
      { suffix: 'B', factor: 1 },
    ],
    // `1Gi` as Kubernetes has it; `1g` as docker, java -Xmx and systemd have it, which is a power of two in all of them.
    aliases: { ti: 'TiB', t: 'TiB', gi: 'GiB', g: 'GiB', mi: 'MiB', m: 'MiB', ki: 'KiB', k: 'KiB' },
    example: '64KiB',
  },
  duration: {
    units: [
      { suffix: 'h', factor: 3_600_000 },
      { suffix: 'm', factor: 60_000 },
      { suffix: 's', factor: 1000 },
      { suffix: 'ms', factor: 1 },
    ],
    example: '30s',
  },
  rate: {
    units: COUNTS.map(({ suffix, factor }) => ({ suffix: `${suffix}/s`, factor })),
    example: '2k/s',
  },
  percent: { units: [{ suffix: '%', factor: 1 }], example: '20%' },
} as const satisfies Record<string, Kind>;
export type QuantityKind = keyof typeof QUANTITIES;

const SHAPE = /^(\d+(?:\.\d+)?(?:[eE]\+?\d{1,3})?)\s*([A-Za-z/%]*)$/;

/**
 * Reads a quantity. Suffixes ignore case where that is unambiguous (`64kib`, `100K`); a bare number is in the base
 * unit. A count or a number of bytes must come out whole.
 *
 * @returns the number in the base unit (1, bytes, ms, per second, percent), or undefined when it isn't a quantity of that kind
 */
export function parseQuantity(kind: QuantityKind, text: string): number | undefined {
  const match = SHAPE.exec(text.trim());
  if (!match) return undefined;
  const [, digits = '', suffix = ''] = match;
  const unit = unitOf(kind, suffix);
  if (!unit) return undefined;
  const product = Number(digits) * unit.factor;
  // A fraction is rounded at 15 significant digits, so that 1.005k is 1005 and not 1004.9999999999999.
  const value = digits.includes('.') ? Number(product.toPrecision(15)) : product;
  const whole = kind === 'count' || kind === 'bytes';
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) return undefined;
  return value;
}

/**
 * The two things that a number without a unit may mean: `15` is 15ms or 15s, `0.2` is 0.2% or 20%. Undefined where there is no
 * doubt, or no number.
 */
export function doubtAbout(kind: QuantityKind, text: string): readonly [string, string] | undefined {
  const value = parseQuantity(kind, text);
  const written = text.trim();
  if (!value || !/\d$/.test(written)) return undefined;
  if (kind === 'duration') return [`${written}ms`, `${written}s`];
  return kind === 'percent' && value <= 1
    ? [`${written}%`, `${trimNumber(Number((value * 100).toPrecision(12)))}%`]
    : undefined;
}

/** The shortest text that {@link parseQuantity} reads back to exactly this number: 100000 → `100k`, 65536 → `64KiB`. */
export function printQuantity(kind: QuantityKind, value: number): string {
  const candidates = QUANTITIES[kind].units
    .map(({ suffix, factor }) => `${trimNumber(value / factor)}${suffix}`)
    .filter((text) => parseQuantity(kind, text) === value);
  return candidates.reduce((best, text) => (text.length <= best.length ? text : best), candidates[0] ?? String(value));
}

/** For reading, not for reading back: 9,316 → `9.1 KiB`; 812 → `812 B`. */
export function humanBytes(bytes: number): string {
  const scale = scaleOf(bytes);
  return `${scaled(bytes, scale)} ${scale.suffix}`;
}

/** The same for several values in the unit and with the digits of the first: 26,317, 26,112 and 26,522 → `25.7`, `25.5`, `25.9` KiB. */
export function humanBytesAlike(first: number, ...others: readonly number[]): { values: string[]; unit: string } {
  const scale = scaleOf(first);
  return { values: [first, ...others].map((bytes) => scaled(bytes, scale)), unit: scale.suffix };
}

/** 26,317 between 26,112 and 26,522 → `25.7 KiB (25.5 to 25.9)`; without the interval where both ends read the same. */
export function humanInterval(bytes: number, low: number, high: number): string {
  const {
    values: [middle, from, to],
    unit,
  } = humanBytesAlike(bytes, low, high);
  return from === to ? `${middle} ${unit}` : `${middle} ${unit} (${from} to ${to})`;
}

/** 26,317 between 26,112 and 26,522 → `25.7 KiB, between 25.5 and 25.9 KiB`, for a sentence. */
export function humanBetween(bytes: number, low: number, high: number): string {
  const {
    values: [middle, from, to],
    unit,
  } = humanBytesAlike(bytes, low, high);
  return `${middle} ${unit}, between ${from} and ${to} ${unit}`;
}

/** The same in columns of a table: each has the unit, and it is the same one. */
export function humanCells(first: number, ...others: readonly number[]): string[] {
  const { values, unit } = humanBytesAlike(first, ...others);
  return values.map((value) => `${value} ${unit}`);
}

interface Scale {
  readonly suffix: string;
  readonly factor: number;
  readonly digits: number;
}

function scaleOf(bytes: number): Scale {
  let value = Math.abs(bytes);
  let suffix = 'B';
  let factor = 1;
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    // Up to where rounding would show the next unit's 1.
    if (value < 1023.5) break;
    value /= 1024;
    factor *= 1024;
    suffix = next;
  }
  return { suffix, factor, digits: suffix === 'B' || value >= 99.95 ? 0 : 1 };
}

/** Rounded away from 0 at the half; no -0. */
function scaled(bytes: number, { factor, digits }: Scale): string {
  if (bytes === 0) return '0';
  const text = (Math.abs(bytes) / factor).toFixed(digits);
  return bytes < 0 && Number(text) !== 0 ? `-${text}` : text;
}

/** 1234567 → `1,234,567`. Always with commas, whatever the locale of the machine: outputs are compared. */
export const humanCount = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** So many times beyond what was measured a number is known to two digits at most. */
export const FAR_TIMES = 10;

/** For what lies far beyond anything that was measured, to two digits: 3,789,540 → `about 3.8 million`; 412,345 → `about 410,000`. */
export function aboutCount(value: number): string {
  const rounded = Number(value.toPrecision(2));
  for (const [name, factor] of [
    ['billion', 1e9],
    ['million', 1e6],
  ] as const) {
    if (rounded >= factor) return `about ${briefly(rounded / factor)} ${name}`;
  }
  return `about ${humanCount(rounded)}`;
}

const briefly = (value: number): string =>
  value < 10 && !Number.isInteger(value) ? value.toFixed(1) : humanCount(value);

/** 0.0531 → `0.053 ms`; 0.42 → `0.42 ms`; 1234 → `1.23 s`; 95,000 → `1m35s`; 28,800,000 → `8h00m00s`. */
export function humanMs(ms: number): string {
  // Each bound lies where rounding would show one digit more.
  if (ms >= 0.0005 && ms < 0.0995) return `${ms.toFixed(3)} ms`;
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 999.5) return `${ms.toFixed(ms < 99.95 ? 1 : 0)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h${twoDigits(minutes)}` : minutes}m${twoDigits(seconds % 60)}s`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function unitOf(kind: QuantityKind, given: string): Unit | undefined {
  const { units, aliases = {} }: Kind = QUANTITIES[kind];
  const suffix = aliases[given.toLowerCase()] ?? given;
  if (suffix === '') return units.find((unit) => unit.factor === 1);
  return (
    units.find((unit) => unit.suffix === suffix) ??
    // `M` and `m` differ for nobody here: counts have no milli, durations no mega.
    units.find((unit) => unit.suffix.toLowerCase() === suffix.toLowerCase())
  );
}

/** No exponent, no trailing zeros: what SHAPE reads. */
function trimNumber(value: number): string {
  if (Number.isInteger(value)) {
    // A hundred times faster where it does.
    return Math.abs(value) < 1e21 ? String(value) : value.toLocaleString('en-US', { useGrouping: false });
  }
  return value.toFixed(12).replace(/0+$/, '');
}
