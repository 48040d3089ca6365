import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { EarlierRun, RunFile, Sample } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { renderedIn } from '../../scripts/golden/golden-runs.ts';
import { assertNumbers } from '../../test/golden/numbers.ts';
import { agreedEvent, securedLeg, stagedClimb } from '../../test/support/secured-run.ts';
import { climb, leg, runFile, writeRun } from '../../test/support/synthetic-run.ts';
import { comparisonOf } from '../compare/comparison.ts';
import { readBaseline } from '../compare/read-baseline.ts';
import { shortSummary } from '../outputs/markdown.ts';
import { terminalTable } from '../outputs/terminal.ts';
import { writeReport } from '../outputs/write-report.ts';
import { summarize } from './summarize.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-growth-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;

const samplesOf = (bytes: number, launches = 1): Sample[] =>
  Array.from({ length: launches }, (_, launch) => climb(bytes + launch, { launch })).flat();
const withLaunches = (launches: number): Partial<RunFile> => ({ plan: { legs: [leg()], launches } });
/** Where the kernel can't be read. */
const unprivileged = (samples: readonly Sample[]): Sample[] =>
  samples.map((sample) =>
    sample.type === 'memory' ? { ...sample, readings: { ...sample.readings, slab: null } } : sample,
  );

/** A run of ws as it was recorded, read as what another is held against. */
function earlier(samples: readonly Sample[], more: Partial<RunFile> = {}): EarlierRun {
  const found = readBaseline(writeRun(join(base, `run-${made++}`), { run: runFile(more), samples }));
  assert.ok(typeof found !== 'string', String(found));
  return { ...found, folder: 'runs/main' };
}

function held(before: EarlierRun, samples: readonly Sample[], more: Partial<RunFile> = {}, maxGrowthPercent = 5) {
  const run = runFile({ baseline: { ...before, maxGrowthPercent }, ...more });
  return summarize({ run, samples, events: [], problems: [] });
}

const cheap = earlier(samplesOf(5000));

test('a run that costs the same has passed, one that is dearer by more than is allowed has not', () => {
  const same = held(cheap, samplesOf(5010));
  assert.deepEqual([same.status, same.exitCode, same.error], ['passed', 0, null]);
  const [twin] = same.baseline!.legs;
  assert.deepEqual(
    [twin!.protocol, twin!.part, twin!.difference!.word, twin!.passed],
    [...['ws', 'total', 'no difference shown', true]],
  );
  const grown = held(cheap, samplesOf(7000));
  assert.deepEqual([grown.status, grown.exitCode, grown.error?.code], ['failed', 5, 'EGROWTH']);
  assert.match(
    grown.error!.message,
    /^one more WebSocket costs 2\.0 KiB \(22\.\d %\) more than in runs\/main, at least 1\.\d KiB; 5 % is allowed$/,
  );
  assert.equal(grown.error!.hint, 'connrig compare runs/main <run folder>, to see what grew');
  assert.deepEqual(Summary.parse(JSON.parse(JSON.stringify(grown))), grown);
});

test('the numbers are those of connrig compare', () => {
  const run = runFile(withLaunches(3));
  const runs = [5000, 5600].map((bytes) => {
    const summary = summarize({ run, samples: samplesOf(bytes, 3), events: [], problems: [] });
    return { folder: String(bytes), run, summary, problems: [] };
  });
  const [part] = comparisonOf(runs).legs[0]!.parts;
  const { legs, ...where } = held(earlier(samplesOf(5000, 3), run), samplesOf(5600, 3), run).baseline!;
  assert.deepEqual(where, {
    folder: 'runs/main',
    name: run.name,
    startedAt: run.startedAt,
    maxGrowthPercent: 5,
  });
  assert.deepEqual(legs[0]!.difference, part!.values[1]!.difference);
  assert.deepEqual(
    [legs[0]!.baselineBytes, legs[0]!.bytes],
    part!.values.map((value) => value!.bytes),
  );
});

test('growth counts from what is allowed on', () => {
  const wide = held(cheap, samplesOf(7000), {}, 30);
  assert.deepEqual([wide.status, wide.baseline!.legs[0]!.difference!.word], ['passed', 'dearer']);
  assert.equal(held(cheap, samplesOf(5600, 3), withLaunches(3), 0).status, 'inconclusive', 'one launch there');
  const three = withLaunches(3);
  assert.equal(held(earlier(samplesOf(5000, 3), three), samplesOf(5600, 3), three).status, 'failed');
});

test('user memory is compared where the whole is not known on both sides', () => {
  for (const [before, now] of [
    [earlier(unprivileged(samplesOf(5000))), samplesOf(5000)],
    [cheap, unprivileged(samplesOf(5000))],
  ] as const) {
    const [one] = held(before, now).baseline!.legs;
    assert.deepEqual(
      [one!.part, one!.passed, Math.round(one!.baselineBytes!), Math.round(one!.bytes!)],
      [...['user', true, 5000, 5000]],
    );
  }
  const { error } = held(cheap, unprivileged(samplesOf(7000)));
  assert.match(
    error!.message,
    /costs 2\.0 KiB \(40\.0 %\) more than in runs\/main in user space alone, at least 1\.\d/,
  );
});

test('what is not known has not passed, and a run that failed otherwise keeps its reason', () => {
  const levels = [500, 1000];
  const plan = { legs: [leg({ levels })], launches: 1 };
  const short = held(cheap, climb(5000, { levels }), { plan });
  assert.deepEqual(
    [short.exitCode, short.error?.code, short.baseline!.legs],
    [
      ...[5, 'EGROWTH'],
      [
        {
          leg: 'ws',
          protocol: 'ws',
          transport: 'plain',
          family: 'inet',
          part: null,
          baselineBytes: cheap.legs[0]!.total!.bytes,
          bytes: null,
          difference: null,
          passed: false,
          isShown: true,
        },
      ],
    ],
  );
  assert.equal(
    short.error!.message,
    'what one more WebSocket costs is not known, so neither is its growth over runs/main',
  );
  assert.match(terminalTable(short), /^growth: ws: –, – over runs\/main, 5 % allowed: failed: it is not known$/m);
  const ended = held(cheap, samplesOf(9000), { status: 'interrupted', exitCode: 130 });
  assert.deepEqual([ended.exitCode, ended.status, ended.baseline!.legs[0]!.passed], [130, 'interrupted', false]);
});

test('a config that says something else is no gate, and breaks nothing', () => {
  const run = runFile({ config: { failIf: 'ws.peakOpen > 1', allowInconclusive: 'perhaps' } });
  const { status, thresholds } = summarize({ run, samples: samplesOf(5000), events: [], problems: [] });
  assert.deepEqual([status, thresholds], ['measured', []]);
});

test('thresholds and growth fail together, with both reasons', () => {
  const config = { failIf: [{ expression: 'ws.peakOpen > 1' }] };
  const { error } = held(cheap, samplesOf(7000), { config });
  assert.equal(error!.code, 'ETHRESHOLD');
  assert.match(error!.message, /^a threshold was crossed: ws\.peakOpen > 1; one more WebSocket costs 2\.0 KiB /);
});

test('what speaks against the comparison stands before every other warning', () => {
  const { environment } = runFile();
  const before = earlier(samplesOf(5000), { environment: { ...environment, kernel: 'Linux 7.0' }, status: 'failed' });
  const run = runFile({ baseline: { ...before, maxGrowthPercent: 5 } });
  const events = [{ type: 'warning' as const, elapsedMs: 0, text: 'tight' }];
  const { warnings } = summarize({ run, samples: samplesOf(5010), events, problems: [] });
  assert.deepEqual(warnings.slice(0, 4), [
    'Kernel: the earlier run has Linux 7.0 x64; this run has Linux 6.18 x64',
    'the earlier run failed',
    'the earlier run and this run had one launch each, so how far launches scatter is assumed, not measured: --launches 3 tells more',
    'tight',
  ]);
  const alone = summarize({ run, samples: climb(5000, { levels: [500] }), events, problems: [] });
  assert.equal(alone.warnings[0], 'tight', 'nothing was compared');
});

test('a wide interval shows nothing, so the gate stays shut, unless that is allowed', () => {
  const { total } = cheap.legs[0]!;
  const rough = { ...total!, low: total!.bytes - 2000, high: total!.bytes + 2000 };
  const before = { ...cheap, legs: [{ ...cheap.legs[0]!, total: rough }] };
  const shut = held(before, samplesOf(5000));
  assert.deepEqual([shut.status, shut.exitCode, shut.error?.code], ['inconclusive', 7, 'EINCONCLUSIVE']);
  assert.match(
    shut.error!.message,
    /^whether one more WebSocket costs over 5 % more than in runs\/main is not shown: the growth is -30\.\d % to 30\.\d %$/,
  );
  const [own] = shut.baseline!.legs;
  assert.deepEqual([own!.passed, own!.isShown], [false, false]);
  assert.match(terminalTable(shut), /^growth: ws: .* 5 % allowed: inconclusive$/m);
  const allowed = held(before, samplesOf(5000), { config: { allowInconclusive: true } });
  assert.deepEqual([allowed.status, allowed.exitCode], ['inconclusive', 0]);
});

test('every output says so, with numbers of summary.json, and again from the record alone', () => {
  const run = runFile({ baseline: { ...cheap, maxGrowthPercent: 5 } });
  const folder = writeRun(join(base, 'told'), { run, samples: samplesOf(7000) });
  const summary = writeReport(folder);
  const files = renderedIn(folder);
  assert.match(
    terminalTable(summary),
    /^growth: ws: 10\.\d KiB, \+2\.0 KiB \[.*\] \(\+22\.\d %\) over runs\/main, 5 % allowed: failed$/m,
  );
  assert.match(files.get('report.md')!, /^\| ws \| 8\.7 KiB \| 10\.7 KiB \| \+2\.0 KiB .* \| dearer \| failed \|$/m);
  const html = files.get('report.html')!;
  assert.match(html, /<caption>Growth over runs\/main \(synthetic\): the run fails if more than <data value="5">5 %/);
  assert.ok(
    assertNumbers(
      html,
      JSON.parse(files.get('summary.json')!),
      JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')),
    ) > 20,
  );
  writeReport(folder);
  assert.deepEqual(renderedIn(folder), files);
});

test('the short summary has verdict, gates and costs, and leads to no file', () => {
  const text = shortSummary(held(cheap, samplesOf(7000), { config: { failIf: [{ expression: 'ws.peakOpen > 3k' }] } }));
  const order = [
    '## synthetic: failed',
    '| one more connection costs |',
    '**The run failed: one more',
    '`EGROWTH`: ',
    'ws.peakOpen \\> 3k',
    'Growth over',
    '| open at the top level |',
    'Before you believe it:',
  ];
  const places = order.map((part) => text.indexOf(part));
  assert.ok(
    places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]!)),
    `${places}\n${text}`,
  );
  assert.doesNotMatch(text, /!\[|\]\(|\.svg|levels?\.csv/);
});

test('a folder without a run to compare with is refused in a sentence', () => {
  const samples = samplesOf(5000);
  const folder = join(base, 'refused');
  assert.match(String(readBaseline(folder)), /refused is not a run folder: it has no run\.json \(ls runs\/, /);
  writeRun(folder, { run: { ...runFile(), schema: 2 }, samples });
  assert.match(String(readBaseline(folder)), /newer connrig \(schema 2; this one reads 1\) \(npm install /);
  writeRun(folder, { run: { ...runFile(), name: 1 }, samples });
  assert.match(String(readBaseline(folder)), /is not ours: name: /);
  writeRun(folder);
  rmSync(join(folder, 'samples.jsonl'));
  assert.match(String(readBaseline(folder)), /has no leg that began; samples\.jsonl is missing \(ENOENT\)$/);
});

test('what an earlier run was held against itself is not kept', () => {
  const chained = earlier(samplesOf(5000), { baseline: { ...cheap, maxGrowthPercent: 5 } });
  assert.ok(!('baseline' in chained.run));
});

test('summaries without a baseline say nothing of it', () => {
  const summary = summarize({ run: runFile(), samples: samplesOf(5000), events: [], problems: [] });
  assert.ok(!('baseline' in Summary.parse(summary)));
  assert.doesNotMatch(terminalTable(summary), /growth: /);
});

test('over TLS, a baseline tells what its ends agreed on; growth has the noun of the leg', () => {
  const plan = { legs: [securedLeg()], launches: 1 };
  const folder = writeRun(join(base, `run-${made++}`), {
    run: runFile({ plan }),
    samples: stagedClimb(5000, { leg: 0 }),
    events: [agreedEvent({ serverKey: 'RSA 2048' }, { leg: 0 })],
  });
  const before = readBaseline(folder);
  assert.ok(typeof before !== 'string', String(before));
  const run = runFile({ plan, baseline: { ...before, folder: 'runs/main', maxGrowthPercent: 5 } });
  const events = [agreedEvent({}, { leg: 0 })];
  const grown = summarize({ run, samples: stagedClimb(9000, { leg: 0 }), events, problems: [] });
  assert.match(grown.error!.message, /^one more WebSocket over TLS costs 3\.9 KiB /);
  assert.deepEqual([grown.baseline!.legs[0]!.leg, grown.baseline!.legs[0]!.transport], ['wss', 'tls']);
  assert.ok(
    grown.warnings.includes(
      'TLS of wss: the earlier run agreed on TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key RSA 2048; this run agreed on TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key EC P-256',
    ),
    grown.warnings.join('\n'),
  );
});
