import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EarlierRun } from '../core/schemas/record.ts';
import { RigError } from '../core/values/errors.ts';
import { runFile } from '../test/support/synthetic-run.ts';
import { baselineWarnings } from './baseline.ts';
import type { RawSettings } from './read-options.ts';
import { parseRunConfig } from './run-config.ts';

const cost = { bytes: 5000, low: 4900, high: 5100 };
const leg = (protocol: 'tcp' | 'ws', isKnown = true): EarlierRun['legs'][number] => ({
  name: protocol,
  protocol,
  launches: 1,
  rSquared: 1,
  tls: null,
  total: isKnown ? cost : null,
  user: null,
  coarseBytes: 0,
});
const earlier = (...legs: EarlierRun['legs']): EarlierRun => ({
  folder: 'runs/main',
  run: runFile(),
  status: 'passed',
  problems: [],
  legs,
});

/** What is wrong with a run of these settings that is to be held against that one. */
function problemOf(settings: RawSettings, found: EarlierRun | string): string {
  try {
    parseRunConfig({ baseline: 'runs/main', ...settings }, {}, [], () => found);
  } catch (error) {
    assert.ok(error instanceof RigError && error.code === 'EUSAGE', String(error));
    return error.message;
  }
  throw new Error('no problem was found');
}

const urls = ['tcp://127.0.0.1:1'];
const WRONG: ReadonlyArray<[string, RawSettings, EarlierRun | string, RegExp]> = [
  [
    'no run',
    {},
    'runs/main is not a run folder (ls runs/)',
    /^--baseline: runs\/main is not a run folder \(ls runs\/\)$/,
  ],
  [
    'no run, and more that is wrong',
    { window: 'x' },
    'it is gone',
    /^--window: "x" is not a count such as 100k; --baseline: it is gone$/,
  ],
  [
    'no leg in common',
    { protocol: 'ws' },
    earlier(leg('tcp')),
    /^--baseline: no leg in common: runs\/main has tcp, this run ws$/,
  ],
  [
    'no cost known of what they have in common',
    { protocol: 'ws' },
    earlier(leg('tcp'), leg('ws', false)),
    /^--baseline: runs\/main doesn't know what one more ws connection costs \(connrig report runs\/main\)$/,
  ],
  [
    'too few levels of our own',
    { levels: '10,20' },
    earlier(leg('tcp'), leg('ws')),
    /^--baseline: what one more connection costs takes 3 levels, and this run has 2$/,
  ],
  [
    'a target nobody measures',
    { urls },
    earlier(leg('tcp')),
    /^--baseline: nobody tells this target's memory, .*--pid/,
  ],
];
for (const [name, settings, found, wanted] of WRONG) {
  test(`a baseline is refused before anything starts: ${name}`, () => assert.match(problemOf(settings, found), wanted));
}

test('a baseline is read from where it is named, on the command line or in a file', () => {
  const found = earlier(leg('tcp'), leg('ws'));
  const asked: string[] = [];
  const read = (folder: string): EarlierRun => {
    asked.push(folder);
    return found;
  };
  const config = parseRunConfig({ baseline: 'a' }, { baseline: 'b', 'max-growth': '2.5%' }, [], read);
  assert.deepEqual([config.baseline, config.maxGrowthPercent], [found, 2.5]);
  assert.deepEqual(parseRunConfig({}, { baseline: 'b' }, [], read).maxGrowthPercent, 5);
  parseRunConfig({}, {}, [], read);
  assert.deepEqual(asked, ['a', 'b']);
});

test('legs that can not be compared are told, the others are', () => {
  const { plan } = parseRunConfig({ protocol: 'tcp,ws,http' });
  const texts = baselineWarnings(earlier(leg('tcp'), leg('ws', false)), plan).map(({ text }) => text);
  assert.deepEqual(texts, [
    "ws: the earlier run (runs/main) doesn't know what one more ws connection costs, so its growth is not watched",
    'http: the earlier run (runs/main) has no such leg, so its growth is not watched',
  ]);
});
