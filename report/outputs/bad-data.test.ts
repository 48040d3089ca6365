/** Records of which little can be said: no output shows a size below nothing, or a number that the verdict disowns. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { climb, leg, runFile, writeRun } from '../../test/support/synthetic-run.ts';
import { compareFolders, writeComparison } from '../compare/compare-runs.ts';
import { junitReport } from './junit.ts';
import { shortSummary } from './markdown.ts';
import { terminalTable } from './terminal.ts';
import { writeIndex } from './write-index.ts';
import { writeReport } from './write-report.ts';

/** The process's memory at each level, in bytes beyond an exact line of 5,000 B a connection. */
const offBy = (offs: (level: number) => number, samples: Sample[] = climb(5000)): Sample[] =>
  samples.map((sample) => {
    if (sample.type !== 'memory') return sample;
    const target = { ...sample.readings.target!, anonBytes: sample.readings.target!.anonBytes! + offs(sample.level) };
    return { ...sample, readings: { ...sample.readings, target } };
  });
const MIB = 2 ** 20;
const alternating = (level: number): number => ((level / 500) % 2 === 0 ? 1 : -1);
const limited: Partial<RunFile> = { config: { memoryLimitBytes: 2 ** 30, failIf: [] } };
const broken: RunEvent = { type: 'error', elapsedMs: 9, code: 'EDROPPED', message: 'it closed them', hint: 'wait' };
const few = { plan: { legs: [leg({ levels: [500, 1000] })], launches: 1 } };

/** Name, samples, what its run.json has besides, events; how it ends, and whether a cost is shown. */
type Bad = readonly [
  name: string,
  samples: Sample[],
  run: Partial<RunFile>,
  events: RunEvent[],
  ends: readonly [Summary['status'], number],
  hasCost: boolean,
];
const RECORDS: readonly Bad[] = [
  ['memory that shrinks', offBy((level) => -12_000 * level), {}, [], ['inconclusive', 7], false],
  ['a process that gives back', offBy((level) => -30 * MIB * Number(level > 0)), {}, [], ['measured', 0], true],
  ['two levels', climb(5000, { levels: [500, 1000] }), few, [], ['measured', 0], false],
  [
    'two levels that shrink',
    offBy((level) => -9000 * level, climb(5000, { levels: [500, 1000] })),
    few,
    [],
    ['measured', 0],
    false,
  ],
  ['noise', offBy((level) => 20 * MIB * alternating(level)), {}, [], ['inconclusive', 7], false],
  ['some noise', offBy((level) => 2 * MIB * alternating(level)), {}, [], ['inconclusive', 7], false],
  ['a late jump', offBy((level) => (level === 3000 ? 200 * MIB : 0)), {}, [], ['inconclusive', 7], false],
  ['a jump in the middle', offBy((level) => (level >= 2000 ? 20 * MIB : 0)), {}, [], ['measured', 0], true],
  ['a leak', offBy((level) => level, climb(5000, { retainedBytes: 30 * MIB })), {}, [], ['measured', 0], true],
  ['less after than before', climb(5000, { retainedBytes: -30 * MIB }), {}, [], ['measured', 0], true],
  [
    'a failure',
    offBy((level) => 20 * MIB * alternating(level)),
    { status: 'failed', exitCode: 4 },
    [broken],
    ['failed', 4],
    false,
  ],
  [
    'an interruption',
    offBy((level) => -12_000 * level).slice(0, 9),
    { status: 'interrupted', exitCode: 130 },
    [],
    ['interrupted', 130],
    false,
  ],
  [
    'a gate that can not see',
    offBy((level) => 20 * MIB * alternating(level)),
    { config: { ...limited.config, failIf: [{ expression: 'ws.perConnection.total.bytes > 12KiB' }] } },
    [],
    ['inconclusive', 7],
    false,
  ],
];

const base = mkdtempSync(join(tmpdir(), 'connrig-bad-'));
after(() => rmSync(base, { recursive: true }));
const folderOf = (name: string): string => join(base, name.replaceAll(' ', '-'));
const made = new Map<string, { readonly summary: Summary; readonly texts: ReadonlyMap<string, string> }>();
for (const [name, samples, run, events] of RECORDS) {
  const folder = writeRun(folderOf(name), { run: runFile({ ...limited, name, ...run }), samples, events });
  const summary = writeReport(folder);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(html|md|svg)$/.test(file),
  );
  const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  texts.set('terminal', terminalTable(summary));
  texts.set('job summary', shortSummary(summary));
  texts.set('junit', junitReport(summary, new Date(0), 1000));
  made.set(name, { summary, texts });
}

/** `-38.8 MiB`, with either minus, where it isn't the end of a range such as `2-3 KiB`. */
const NEGATIVE_SIZE = /(?<![\w.\d])[-−]\s?[\d,.]+ (?:B|KiB|MiB|GiB|TiB)\b/;

for (const [name, , , , [status, exitCode], hasCost] of RECORDS) {
  test(`${name}: ${status}, ${exitCode}, and no size below nothing anywhere`, () => {
    const { summary, texts } = made.get(name)!;
    assert.deepEqual([summary.status, summary.exitCode], [status, exitCode], summary.error?.message);
    const [own] = summary.legs;
    assert.equal(own!.perConnection !== null, hasCost);
    for (const [file, text] of texts) {
      const found = NEGATIVE_SIZE.exec(shown(text));
      assert.ok(
        found === null,
        `${file}: ${found && shown(text).slice(Math.max(0, found.index - 80), found.index + 40)}`,
      );
    }
    if (hasCost) return;
    assert.deepEqual([summary.capacity, summary.forecast, own!.fit, own!.burst], [[], [], null, null]);
    for (const [file, text] of texts) {
      assert.doesNotMatch(
        shown(text),
        /connections would take|GiB hold|one more \w+ costs (?:roughly )?\d|Settings for/,
        file,
      );
    }
  });
}

test('an index and a comparison of them show none either', () => {
  writeIndex(base, 'test');
  const [first, ...others] = RECORDS.map(([name]) => folderOf(name));
  writeComparison(compareFolders([first!, ...others]), base, 'test');
  for (const file of ['index.html', 'compare.md', 'compare.html']) {
    const text = shown(readFileSync(join(base, file), 'utf8'));
    // A difference may be one of less.
    const sizes = text.replaceAll(/[-−][\d,.]+ [KMGT]?i?B \[[^\]]*\]|[-−][\d,.]+ [KMGT]?i?B \([^)]*\)/g, '');
    const found = NEGATIVE_SIZE.exec(sizes);
    assert.ok(found === null, `${file}: ${found && sizes.slice(Math.max(0, found.index - 80), found.index + 40)}`);
  }
});

/** What a person reads of it: no scripts, styles or addresses. */
const shown = (text: string): string =>
  text.replaceAll(/<(script|style)\b[\s\S]*?<\/\1>/g, '').replaceAll(/<[^>]+>/g, ' ');
