import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSelector, sumSeries } from './prometheus-text.ts';

const TEXT = `# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5.24288e+07
process_resident_memory_bytes_total 1
container_memory_working_set_bytes{container="api",pod="a"} 1000 1700000000000
container_memory_working_set_bytes{container="api",pod="b",} 2000
container_memory_working_set_bytes{container="",pod="b"} 4000
quoted_bytes{path="C:\\\\dir \\"x\\" {y}\\n"} 8
open_metrics_bytes{a="1"} 16 # {trace="t"} 0.5
nothing_bytes NaN
nothing_bytes{b="2"} +Inf
broken_bytes{a="1 32
`;

const cases: ReadonlyArray<[string, number | undefined]> = [
  ['process_resident_memory_bytes', 52_428_800],
  ['process_resident_memory', undefined],
  ['container_memory_working_set_bytes', 7000],
  ['container_memory_working_set_bytes{container="api"}', 3000],
  ['container_memory_working_set_bytes{ pod = "b", container="" }', 4000],
  ['container_memory_working_set_bytes{pod="c"}', undefined],
  ['container_memory_working_set_bytes{node=""}', undefined],
  ['quoted_bytes{path="C:\\\\dir \\"x\\" {y}\\n"}', 8],
  ['open_metrics_bytes', 16],
  ['nothing_bytes', undefined],
  ['broken_bytes', undefined],
  ['absent_bytes', undefined],
];
for (const [selector, sum] of cases) {
  test(`${selector} is ${sum}`, () => assert.equal(sumSeries(TEXT, parseSelector(selector)!), sum));
}

for (const bad of ['', '{a="1"}', '9lives', 'a b', 'a{b}', 'a{b="1"', 'a{b=1}', 'a{b="1"} 5']) {
  test(`"${bad}" selects nothing`, () => assert.equal(parseSelector(bad), undefined));
}

test('property: any label value is found again, and series sum', () => {
  const quote = (value: string): string => value.replace(/["\\\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.nat(1e9))), fc.string(), (series, wanted) => {
      const text = series.map(([value, bytes]) => `m_bytes{a="x",b="${quote(value)}"} ${bytes}\n`).join('');
      const matching = series.filter(([value]) => value === wanted);
      const sum = matching.length === 0 ? undefined : matching.reduce((total, [, bytes]) => total + bytes, 0);
      assert.equal(sumSeries(text, parseSelector(`m_bytes{b="${quote(wanted)}"}`)!), sum);
    }),
  );
});
