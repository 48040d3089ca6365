import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  aboutCount,
  doubtAbout,
  humanBytes,
  humanCount,
  humanInterval,
  humanMs,
  parseQuantity,
  printQuantity,
  QUANTITIES,
  type QuantityKind,
} from './units.ts';

const GOOD: ReadonlyArray<[QuantityKind, string, number]> = [
  ['count', '0', 0],
  ['count', '5000', 5000],
  ['count', '100k', 100_000],
  ['count', '100K', 100_000],
  ['count', '1.1k', 1100],
  ['count', '1.005k', 1005],
  ['count', '2.5M', 2_500_000],
  ['count', ' 3 k ', 3000],
  ['count', '9007199254740991', Number.MAX_SAFE_INTEGER],
  ['bytes', '812', 812],
  ['bytes', '64KiB', 65_536],
  ['bytes', '64kib', 65_536],
  ['bytes', '64kB', 64_000],
  ['bytes', '1.5GiB', 1_610_612_736],
  ['bytes', '2TB', 2e12],
  ['count', '1e6', 1_000_000],
  ['count', '1.5E3', 1500],
  ['bytes', '1Gi', 2 ** 30],
  ['bytes', '512Mi', 2 ** 29],
  ['bytes', '1g', 2 ** 30],
  ['bytes', '1.5G', 1.5 * 2 ** 30],
  ['bytes', '64k', 65_536],
  ['bytes', '1e6', 1_000_000],
  ['bytes', '1e3KiB', 1_024_000],
  ['duration', '1e3ms', 1000],
  ['rate', '1e6', 1_000_000],
  ['rate', '1e3/s', 1000],
  ['duration', '250', 250],
  ['duration', '250ms', 250],
  ['duration', '30s', 30_000],
  ['duration', '1.5m', 90_000],
  ['duration', '2H', 7_200_000],
  ['duration', '0.5ms', 0.5],
  ['rate', '2000', 2000],
  ['rate', '2k/s', 2000],
  ['rate', '0.5/s', 0.5],
  ['rate', '1.5M/s', 1_500_000],
  ['percent', '20%', 20],
  ['percent', '12.5 %', 12.5],
  ['percent', '7', 7],
];
for (const [kind, text, value] of GOOD) {
  test(`the ${kind} "${text}" is ${value}`, () => assert.equal(parseQuantity(kind, text), value));
}

const BAD: ReadonlyArray<[QuantityKind, string]> = [
  ['percent', '20%%'],
  ['percent', '20k'],
  ['count', '20%'],
  ['count', ''],
  ['count', 'abc'],
  ['count', '-5'],
  ['count', '+5'],
  ['count', '1e'],
  ['count', '1e-3'],
  ['count', '1e400'],
  ['count', '1Gi'],
  ['count', '1,000'],
  ['count', '.5k'],
  ['count', '5.'],
  ['count', '1.5'],
  ['count', '1.0001k'],
  ['count', '5s'],
  ['count', '5k/s'],
  ['count', '9007199254740993'],
  ['count', 'NaN'],
  ['count', 'Infinity'],
  ['count', '٣'],
  ['bytes', '1.5'],
  ['bytes', '1e'],
  ['bytes', '64KiBs'],
  ['bytes', '8388608TiB'],
  ['duration', '30d'],
  ['duration', '1m30s'],
  ['duration', '-1s'],
  ['duration', '9'.repeat(400)],
  ['rate', '2k'],
  ['rate', '2 per second'],
  ['rate', '/s'],
];
for (const [kind, text] of BAD) {
  test(`"${text.slice(0, 20)}" is not a ${kind}`, () => assert.equal(parseQuantity(kind, text), undefined));
}

const DOUBTFUL: ReadonlyArray<[QuantityKind, string, readonly [string, string] | undefined]> = [
  ['duration', '15', ['15ms', '15s']],
  ['duration', '1.5 ', ['1.5ms', '1.5s']],
  ['duration', '0', undefined],
  ['duration', '15s', undefined],
  ['duration', 'abc', undefined],
  ['percent', '0.2', ['0.2%', '20%']],
  ['percent', '0.07', ['0.07%', '7%']],
  ['percent', '1', ['1%', '100%']],
  ['percent', '20', undefined],
  ['percent', '0.2%', undefined],
  ['percent', '0', undefined],
  ['count', '0.2', undefined],
  ['rate', '0.5', undefined],
];
for (const [kind, text, meanings] of DOUBTFUL) {
  test(`the ${kind} "${text}" ${meanings ? `may be ${meanings.join(' or ')}` : 'leaves no doubt'}`, () =>
    assert.deepEqual(doubtAbout(kind, text), meanings));
}

const PRINTED: ReadonlyArray<[QuantityKind, number, string]> = [
  ['count', 0, '0'],
  ['count', 100_000, '100k'],
  ['count', 1100, '1100'],
  ['count', 2_500_000, '2.5M'],
  ['bytes', 65_536, '64KiB'],
  ['bytes', 1e9, '1GB'],
  ['duration', 90_000, '90s'],
  ['duration', 3_600_000, '1h'],
  ['rate', 2000, '2k/s'],
];
for (const [kind, value, text] of PRINTED) {
  test(`${value} as a ${kind} is written "${text}"`, () => assert.equal(printQuantity(kind, value), text));
}

for (const kind of Object.keys(QUANTITIES) as QuantityKind[]) {
  const { units, example } = QUANTITIES[kind];
  const isWhole = kind === 'count' || kind === 'bytes';
  test(`a ${kind}: the example is one`, () => assert.ok(parseQuantity(kind, example)! > 0));

  test(`property: a whole ${kind} that is printed reads back as itself`, () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        assert.equal(parseQuantity(kind, printQuantity(kind, value)), value);
      }),
    );
  });

  test(`property: any ${kind} that can be written reads back as itself once printed`, () => {
    const suffix = fc.constantFrom(...units.map((unit) => unit.suffix));
    const fraction = fc.stringMatching(isWhole ? /^\d{0,3}$/ : /^\d{0,15}$/);
    fc.assert(
      fc.property(fc.oneof(fc.nat(2), fc.maxSafeNat()), fraction, suffix, (whole, decimals, unit) => {
        const written = `${whole}${decimals === '' ? '' : `.${decimals}`}${unit}`;
        const value = parseQuantity(kind, written);
        fc.pre(value !== undefined);
        assert.equal(parseQuantity(kind, printQuantity(kind, value)), value, written);
      }),
      { numRuns: 500 },
    );
  });

  test(`property: no text makes reading a ${kind} throw, and what is read is a number ≥ 0`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,9} ?[kKmMgGtTiIbBsS/]{0,3}$/)), (text) => {
        const value = parseQuantity(kind, text);
        if (value === undefined) return;
        assert.ok(Number.isFinite(value) && value >= 0);
        if (isWhole) assert.ok(Number.isSafeInteger(value));
      }),
    );
  });
}

const HUMAN: ReadonlyArray<[string, string]> = [
  [humanBytes(0), '0 B'],
  [humanBytes(812), '812 B'],
  [humanBytes(1023.6), '1.0 KiB'],
  [humanBytes(1024), '1.0 KiB'],
  [humanBytes(9316), '9.1 KiB'],
  [humanBytes(102_348), '99.9 KiB'],
  [humanBytes(102_400), '100 KiB'],
  [humanBytes(1023.6 * 1024), '1.0 MiB'],
  [humanBytes(1.5 * 2 ** 30), '1.5 GiB'],
  [humanBytes(-2048), '-2.0 KiB'],
  [humanBytes(-0.4), '0 B'],
  [humanBytes(-0.5), '-1 B'],
  [humanBytes(5000 * 2 ** 40), '5000 TiB'],
  [humanCount(0), '0'],
  [humanCount(999), '999'],
  [humanCount(1000), '1,000'],
  [humanCount(1_234_567), '1,234,567'],
  [humanCount(-123_456), '-123,456'],
  [humanCount(999.6), '1,000'],
  [humanInterval(26_317, 26_112, 26_522), '25.7 KiB (25.5 to 25.9)'],
  [humanInterval(900, 700, 1100), '900 B (700 to 1100)'],
  [humanInterval(102_400, 101_990, 102_810), '100 KiB'],
  [humanInterval(2048, -10, 4096), '2.0 KiB (0.0 to 4.0)'],
  [humanInterval(2048, -1024, 4096), '2.0 KiB (-1.0 to 4.0)'],
  [aboutCount(3_789_540), 'about 3.8 million'],
  [aboutCount(4_000_000), 'about 4 million'],
  [aboutCount(38_000_000), 'about 38 million'],
  [aboutCount(384_000_000), 'about 380 million'],
  [aboutCount(2_540_000_000), 'about 2.5 billion'],
  [aboutCount(999_600), 'about 1 million'],
  [aboutCount(412_345), 'about 410,000'],
  [aboutCount(87), 'about 87'],
  [humanMs(0), '0.00 ms'],
  [humanMs(0.0531), '0.053 ms'],
  [humanMs(0.0996), '0.10 ms'],
  [humanMs(0.42), '0.42 ms'],
  [humanMs(9.999), '10.0 ms'],
  [humanMs(42.25), '42.3 ms'],
  [humanMs(99.97), '100 ms'],
  [humanMs(512), '512 ms'],
  [humanMs(999.7), '1.00 s'],
  [humanMs(1234), '1.23 s'],
  [humanMs(59_998), '1m00s'],
  [humanMs(95_000), '1m35s'],
  [humanMs(3_599_600), '1h00m00s'],
  [humanMs(28_805_000), '8h00m05s'],
];
for (const [printed, wanted] of HUMAN) {
  test(`people read "${wanted}"`, () => assert.equal(printed, wanted));
}

test('property: more bytes never read as fewer', () => {
  const FACTORS: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
  const readBack = (text: string): number => {
    const [value = '', unit = ''] = text.split(' ');
    return Number(value) * FACTORS[unit]!;
  };
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 31 - 1), (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      assert.ok(readBack(humanBytes(less)) <= readBack(humanBytes(more)));
      assert.ok(Math.abs(readBack(humanBytes(more)) - more) <= 0.5 + more * 0.051);
    }),
  );
});
