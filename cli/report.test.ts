import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { Summary } from '../core/schemas/summary.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { commandOf, needs } from '../test/support/needs.ts';
import { readingsAt } from '../test/support/readings.ts';
import { climb, memoryPoint, writeRun } from '../test/support/synthetic-run.ts';
import { runConnrig } from './connrig.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-report-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;
const recorded = (): string => writeRun(join(base, `run-${made++}`), { samples: climb(5000) });
function planOf(text: string): string {
  const path = join(base, `plan-${made++}.yaml`);
  writeFileSync(path, text);
  return path;
}

const PLAN = `
connections: 500k
spare: 1
currency: EUR
instances:
  - { name: small, memory: 2GiB, price-per-hour: 0.02 }
  - { name: big, memory: 16GiB, reserved: 1GiB, price-per-hour: 0.15, replicas: 3 }
`;

test('report --plan sizes for the instance types of a file', async () => {
  const folder = recorded();
  const deps = testDeps();
  await runConnrig(['report', folder, '--plan', planOf(PLAN), '--json'], deps);
  assert.equal(deps.exitCode(), undefined, deps.err());
  const { sizing } = Summary.parse(JSON.parse(deps.out()));
  assert.deepEqual(
    sizing!.rows.map(({ name, memoryBytes }) => [name, memoryBytes]),
    [
      ['small', 2 ** 31],
      ['big', 15 * 2 ** 30],
    ],
  );
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /big, <data value="17179869184">16\.0 GiB<\/data>/);
});

test('report --size-by plans by the dearer of two costs, or by the one at rest, and says both everywhere', async () => {
  const burst = memoryPoint('burst', 3000, readingsAt(3000, 40_000_000 + 3000 * 9000));
  const folder = writeRun(join(base, `run-${made++}`), { samples: climb(5000).toSpliced(-1, 0, burst) });
  const told = async (...words: string[]): Promise<{ summary: Summary; text: string }> => {
    const [table, json] = [testDeps(), testDeps()];
    await runConnrig(['report', folder, ...words], table);
    await runConnrig(['report', folder, '--json', ...words], json);
    return { summary: Summary.parse(JSON.parse(json.out())), text: table.out() };
  };
  const [dearer, rest] = [await told(), await told('--size-by', 'rest')];
  // 8,958 bytes at rest and 4,000 more in a burst, on 40 MB, in 80 % of 4 GB.
  const [most, least] = [Math.floor(3.16e9 / 8958), Math.floor(3.16e9 / 12_958)];
  const both = { restConnections: most, burstConnections: least };
  for (const [{ summary, text }, sizedBy, connections] of [
    [dearer, 'burst', least],
    [rest, 'rest', most],
  ] as const) {
    const [capacity = assert.fail()] = summary.capacity;
    assert.deepEqual({ ...capacity, ...both, sizedBy, connections }, capacity);
    assert.equal(summary.limiters.find(({ what }) => what === 'memory')?.at, connections);
    for (const row of summary.sizing!.rows) {
      assert.ok(row.restConnections! > row.burstConnections!);
      assert.deepEqual(
        [row.sizedBy, row.connections],
        [sizedBy, sizedBy === 'rest' ? row.restConnections : row.burstConnections],
      );
    }
    assert.match(text, /^3\.7 GiB hold, with 20 % headroom, at rest\s+about 350,000/m);
    assert.match(text, /^ {2}while everybody reconnects\s+about 240,000/m);
  }
  const [first, second] = ['about 240,000 while everybody reconnects', 'about 350,000 at rest'];
  assert.ok(dearer.text.includes(`; 3.7 GiB hold ${first} and ${second} with 20 % headroom`), dearer.text);
  assert.ok(rest.text.includes(`; 3.7 GiB hold ${second} and ${first} with 20 % headroom`), rest.text);
  const page = readFileSync(join(folder, 'report.md'), 'utf8');
  assert.match(
    page,
    /ws: while everybody reconnects a connection takes 3\.9 KiB more than at rest.* one reading, at 3,000/,
  );
});

test('report --size-by takes one of two words, of one run', async () => {
  for (const words of [
    ['report', recorded(), '--size-by', 'burst'],
    ['report', base, '--size-by', 'rest'],
  ]) {
    const deps = testDeps();
    await runConnrig(words, deps);
    assert.equal(deps.exitCode(), 2, deps.err());
    assert.match(deps.err(), /--size-by/);
  }
});

const BAD: ReadonlyArray<[string, string, RegExp]> = [
  ['that is not there', '/nowhere/plan.yaml', /--plan: \/nowhere\/plan\.yaml can't be read: ENOENT/],
  ['that is no YAML', planOf('instances: [ {'), /--plan: .* can't be read: /],
  [
    'with two mistakes',
    planOf('connections: many\ninstances: [{ name: a, memory: 1GiB, price: 2 }]'),
    /connections: "many" is not a count such as 100k; instances\.0: Unrecognized key: "price"/,
  ],
];
for (const [name, path, wanted] of BAD) {
  test(`a plan ${name} is refused before anything is read or opened`, async () => {
    const folder = recorded();
    const out = join(base, `out-${made++}`);
    for (const words of [
      ['report', folder, '--plan', path],
      ['run', '--plan', path, '--out', out],
    ]) {
      const deps = testDeps();
      await runConnrig(words, deps);
      assert.equal(deps.exitCode(), 2);
      assert.match(deps.err(), wanted);
    }
    assert.equal(existsSync(join(folder, 'summary.json')), false);
    assert.equal(existsSync(out), false);
  });
}

test('--png without a browser says so, and what to do; the rest is made', async () => {
  const folder = recorded();
  const deps = testDeps({ PATH: base });
  await runConnrig(['report', folder, '--png'], deps);
  assert.equal(deps.exitCode(), 2);
  assert.match(deps.err(), /^EUSAGE: --png needs a Chromium, and none is installed; .* — apt-get install chromium$/m);
  assert.ok(existsSync(join(folder, 'report.html')));
});

test('--png draws every chart, at twice its size', { skip: needs('chromium'), timeout: 120_000 }, async () => {
  const folder = recorded();
  const deps = testDeps({ PATH: dirname(commandOf('chromium')) });
  await runConnrig(['report', folder, '--png'], deps);
  assert.equal(deps.exitCode(), undefined, deps.err());
  const names = readdirSync(join(folder, 'charts'));
  const drawn = names.filter((name) => name.endsWith('.png'));
  assert.deepEqual(
    drawn,
    names.filter((name) => name.endsWith('.svg')).map((name) => name.replace('svg', 'png')),
  );
  const png = readFileSync(join(folder, 'charts/memory-ws.png'));
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [2400, 800]);
  // White alone is smaller.
  assert.ok(png.length > 10_000, String(png.length));
});
