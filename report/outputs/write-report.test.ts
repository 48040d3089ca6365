import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Summary } from '../../core/schemas/summary.ts';
import { EXIT, RigError } from '../../core/values/errors.ts';
import { climb, leg, runFile, writeRun } from '../../test/support/synthetic-run.ts';
import { readRun } from '../fold/read-run.ts';
import { terminalTable } from './terminal.ts';
import { writeReport } from './write-report.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-report-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;
const fresh = (): string => join(base, String(made++));
const REPORTS = ['summary.json', 'report.md', 'report.html', 'levels.csv', 'charts/memory-ws.svg', 'charts/ledger.svg'];
const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');

const whole = () =>
  writeRun(fresh(), {
    run: runFile({ plan: { legs: [leg({ protocol: 'tcp' }), leg()], launches: 1 } }),
    samples: [...climb(3000, { leg: 0, protocol: 'tcp' }), ...climb(7000, { leg: 1 })],
    events: [{ type: 'warning', elapsedMs: 0, text: 'a | b' }],
  });

test('reports made twice, or of the same record elsewhere, are the same to the byte', () => {
  const [one, two] = [whole(), whole()];
  const summary = writeReport(one);
  const first = REPORTS.map((name) => read(one, name));
  assert.deepEqual(writeReport(one), summary);
  writeReport(two);
  assert.deepEqual(
    REPORTS.map((name) => read(one, name)),
    first,
  );
  assert.deepEqual(
    REPORTS.map((name) => read(two, name)),
    first,
  );
  assert.deepEqual(Summary.parse(JSON.parse(first[0]!)), summary);
});

test('levels.csv has a line for each level, with what was not measured left empty', () => {
  const samples = climb(3000).map((sample) =>
    sample.type === 'memory' ? { ...sample, readings: { ...sample.readings, slab: null, runtime: null } } : sample,
  );
  const folder = writeRun(fresh(), { samples });
  writeReport(folder);
  const [head, first, ...rest] = read(folder, 'levels.csv').trimEnd().split('\n');
  assert.equal(
    head,
    'protocol,open,total_bytes,user_bytes,kernel_bytes,generator_bytes,established,census_open,settled,run,leg,received_messages_per_second,received_bytes_per_second',
  );
  assert.equal(first, 'ws,500,,41500000,,30500000,500,,true,synthetic,ws,,');
  assert.equal(rest.length, 5);
});

test('report.md holds the verdict, tables of even width, and what it was measured on', () => {
  const folder = whole();
  writeReport(folder);
  const text = read(folder, 'report.md');
  assert.match(text, /^# synthetic: measured\n/);
  assert.match(
    text,
    /\| one more connection costs \| 6\.8 KiB \\\[6\.8, 6\.8\\\] \| 10\.7 KiB \\\[10\.7, 10\.7\\\] \|/,
  );
  assert.match(
    text,
    /tcp: memory by level, while so many connections are held still\n\n\| open \| total \| user \| kernel, growth \|/,
  );
  assert.match(
    text,
    /- Machine of the client: 2 × Some \\\| CPU, 7\.5 GiB of memory, 3\.7 GiB of it ours\n- Kernel: Linux 6\.18 x64\n/,
  );
  for (const table of text.split('\n\n').filter((part) => part.startsWith('| '))) {
    const widths = new Set(
      table
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length),
    );
    assert.equal(widths.size, 1, table);
  }
});

test('the table for a terminal has a column for each leg, aligned, then the warnings', () => {
  const all = terminalTable(writeReport(whole())).split('\n');
  const [tcp, ws, plan, planToo, blank, ...lines] = all.slice(all.indexOf('') + 1);
  assert.match(`${plan}\n${planToo}`, /^tcp: 100,000 connections: .*\nws: 100,000 connections: /);
  assert.match(tcp!, /^One more TCP connection costs 6\.8 KiB: /);
  assert.match(ws!, /^One more WebSocket costs 10\.7 KiB: /);
  assert.equal(blank, '');
  const column = lines[0]!.indexOf('ws');
  assert.match(lines[0]!, /^ +tcp +ws$/);
  const costs = lines.find((line) => line.startsWith('one more connection costs'))!;
  assert.equal(costs.indexOf('10.7 KiB'), column);
  assert.deepEqual(lines.slice(-2), ['warning: a | b', '']);
  assert.ok(lines.every((line) => line === line.trimEnd()));
});

const sampleLines = climb(3000).length;
const BROKEN: ReadonlyArray<[string, (folder: string) => void, RegExp]> = [
  [
    'a last line cut off',
    (f) => appendFileSync(join(f, 'samples.jsonl'), '{"type":"tick","ela'),
    /^the last line of samples\.jsonl is cut off and left out$/,
  ],
  [
    'garbage between lines',
    (f) => appendFileSync(join(f, 'samples.jsonl'), 'garbage\n{"type":"nap"}\n'),
    new RegExp(`^2 of ${sampleLines + 2} lines of samples\\.jsonl could not be read$`),
  ],
  ['no events.jsonl', (f) => rmSync(join(f, 'events.jsonl')), /^events\.jsonl is missing \(ENOENT\)$/],
];
for (const [name, breakIt, wanted] of BROKEN) {
  test(`a run folder with ${name} is read as far as it goes, and says so`, () => {
    const folder = writeRun(fresh(), { samples: climb(3000) });
    breakIt(folder);
    const { problems, samples } = readRun(folder);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, wanted);
    assert.equal(samples.length, sampleLines);
    assert.equal(writeReport(folder).legs[0]?.perConnection?.user?.bytes, 3000);
  });
}

test('a newer record is read as far as it is understood, and that is said', () => {
  const folder = writeRun(fresh(), { run: { ...runFile(), schema: 2, more: 1 }, samples: climb(3000) });
  const { warnings, legs } = writeReport(folder);
  assert.equal(legs[0]?.perConnection?.user?.bytes, 3000);
  assert.deepEqual(warnings, [
    'the run was recorded by a newer connrig (schema 2; this one reads 1): what is understood of it is shown, and may mean something else by now',
  ]);
  assert.match(read(folder, 'report.html'), /recorded by a newer connrig/);
});

test('a run folder without samples.jsonl gives a report without legs', () => {
  const folder = writeRun(fresh());
  rmSync(join(folder, 'samples.jsonl'));
  const { legs, warnings } = writeReport(folder);
  assert.deepEqual([legs, warnings], [[], ['samples.jsonl is missing (ENOENT)']]);
  assert.match(read(folder, 'report.md'), /\*\*No leg began, so nothing was measured\.\*\*/);
});

const REFUSED: ReadonlyArray<[string, unknown, RegExp]> = [
  ['no run.json', undefined, /is not a run folder: it has no run\.json$/],
  ['a run.json that is garbage', '\u0000\u0001{', /has a run\.json that cannot be read$/],
  ['an empty run.json', '', /has a run\.json that cannot be read$/],
  ['a run.json that is null', 'null', /has a run\.json that is not ours: [A-Z]/],
  ['a run.json of something else', { name: 'package' }, /has a run\.json that is not ours: schema: /],
  [
    'a newer schema that is another',
    { name: 'x', schema: 2 },
    /was recorded by a newer connrig \(schema 2; this one reads 1\)$/,
  ],
  ['a status nobody knows', { ...runFile(), status: 'fine' }, /not ours: status: /],
];
for (const [name, run, wanted] of REFUSED) {
  test(`a folder with ${name} is refused in one sentence`, () => {
    const folder = fresh();
    if (run === undefined) mkdirSync(folder);
    else writeRun(folder, { run });
    assert.throws(
      () => writeReport(folder),
      (error) =>
        error instanceof RigError &&
        error.code === 'ERUNFOLDER' &&
        error.exitCode === EXIT.usage &&
        wanted.test(error.message),
    );
  });
}
for (const [name, path] of [
  ['a folder that is not there', join(base, 'nowhere')],
  ['a file', join(base, 'file')],
] as const) {
  test(`${name} is no run folder`, () => {
    writeFileSync(join(base, 'file'), 'x');
    assert.throws(
      () => writeReport(path),
      (error) => error instanceof RigError && /is not a run folder/.test(error.message),
    );
  });
}
test('reports that can not be written are EOUT', () => {
  const folder = whole();
  mkdirSync(join(folder, 'report.md'));
  assert.throws(
    () => writeReport(folder),
    (error) => error instanceof RigError && error.code === 'EOUT',
  );
});
