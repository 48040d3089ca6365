/** Run folders that somebody else has laid: nothing outside of them is touched, nobody is waited for, and each says what is wrong. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runConnrig } from '../../cli/connrig.ts';
import { followRun } from '../../live/follow.ts';
import { RunFeed } from '../../live/run-feed.ts';
import { readBaseline } from '../../report/compare/read-baseline.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { type TestDeps, testDeps } from '../support/cli-deps.ts';
import { climb, progressOf, runFile, tick, writeRun } from '../support/synthetic-run.ts';
import { eventually } from '../support/wait.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-foreign-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;
const fresh = (): string => join(base, String(made++));
const laid = (): string => writeRun(fresh(), { samples: climb(3000) });
/** A file outside of every run folder, whose content must stay. */
const CANARY = 'mine\n';
const canary = (): string => {
  const path = `${fresh()}-canary`;
  writeFileSync(path, CANARY);
  return path;
};
const fifo = (path: string): void => void execFileSync('mkfifo', [path]);
function linkToPipe(path: string): void {
  fifo(`${path}.pipe`);
  symlinkSync(`${path}.pipe`, path);
}
const replace = (folder: string, name: string, lay: (path: string) => void): void => {
  rmSync(join(folder, name), { recursive: true, force: true });
  lay(join(folder, name));
};
async function said(...words: string[]): Promise<TestDeps> {
  const deps = testDeps();
  await runConnrig(words, deps);
  return deps;
}

const OTHER_THINGS: ReadonlyArray<[string, (path: string) => void, RegExp]> = [
  ['a pipe', fifo, /is a pipe, not a file$/],
  ['a link', (path) => symlinkSync(canary(), path), /is a link, which is not followed$/],
  ['a link to a pipe', linkToPipe, /is a link, which is not followed$/],
  ['a link to nowhere', (path) => symlinkSync('/nowhere/at/all', path), /is a link, which is not followed$/],
  ['a link to a device', (path) => symlinkSync('/dev/zero', path), /is a link, which is not followed$/],
  ['a folder', (path) => mkdirSync(path), /is a folder, not a file$/],
];
for (const [name, lay, wanted] of OTHER_THINGS) {
  test(`${name} in place of run.json is refused in a sentence by all who read it`, async () => {
    const folder = laid();
    replace(folder, 'run.json', lay);
    for (const act of [() => writeReport(folder), () => followRun(folder, new RunFeed())]) {
      assert.throws(act, { code: 'ERUNFOLDER', message: wanted });
    }
    assert.match(String(readBaseline(folder)), new RegExp(wanted.source.replace(/\$$/, '')));
    assert.match((await said('compare', laid(), folder)).err(), /^ERUNFOLDER: /);
  });

  test(`${name} in place of samples.jsonl, events.jsonl or summary.json is told, and the rest is read`, async () => {
    const folder = laid();
    for (const file of ['samples.jsonl', 'events.jsonl']) {
      const own = writeRun(fresh(), { samples: climb(3000) });
      replace(own, file, lay);
      const { problems, samples } = readRun(own);
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, new RegExp(`^${file} ${wanted.source}`));
      assert.equal(samples.length > 0, file === 'events.jsonl');
    }
    const top = fresh();
    mkdirSync(top);
    const one = writeRun(join(top, 'one'), { samples: climb(3000) });
    replace(one, 'summary.json', lay);
    const { out } = await said('report', top);
    assert.match(out(), /One more|6\.8 KiB/);
    assert.ok(existsSync(join(folder, 'run.json')));
  });
}

test('reports replace links by files of their own, and write through none', () => {
  const folder = laid();
  const outside = canary();
  const NAMES = ['summary.json', 'levels.csv', 'report.md', 'report.html'];
  for (const name of NAMES) {
    symlinkSync(outside, join(folder, name));
    symlinkSync(outside, join(folder, `${name}.part`));
  }
  mkdirSync(join(folder, 'charts'));
  symlinkSync(outside, join(folder, 'charts', 'memory-ws.svg'));
  symlinkSync(outside, join(folder, 'charts', 'memory-ws.svg.part'));
  writeReport(folder);
  assert.equal(readFileSync(outside, 'utf8'), CANARY);
  for (const name of [...NAMES, 'charts/memory-ws.svg']) {
    const stat = lstatSync(join(folder, name));
    assert.deepEqual([stat.isFile(), stat.mode & 0o777], [true, 0o600], name);
  }
});

test('a link in place of the folder of charts is told, and nothing is written where it leads', () => {
  const folder = laid();
  const outside = `${fresh()}-outside`;
  mkdirSync(outside);
  symlinkSync(outside, join(folder, 'charts'));
  assert.throws(() => writeReport(folder), { code: 'EOUT', message: /charts\/.*a link or a file stands there/ });
  assert.deepEqual(readdirSync(outside), []);
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /One more WebSocket costs/);
});

test('an index and a comparison write through no link', async () => {
  const top = fresh();
  mkdirSync(top);
  const outside = canary();
  const runs = ['one', 'two'].map((name) => writeRun(join(top, name), { samples: climb(3000) }));
  symlinkSync(runs[0]!, join(top, 'latest'));
  for (const name of ['index.html', 'compare.html', 'compare.md', 'compare.json']) {
    symlinkSync(outside, join(top, name));
    symlinkSync(outside, join(top, `${name}.part`));
  }
  assert.equal((await said('report', top)).exitCode(), undefined);
  assert.equal((await said('compare', ...runs, '--out', top)).exitCode(), undefined);
  assert.equal(readFileSync(outside, 'utf8'), CANARY);
  assert.ok(lstatSync(join(top, 'index.html')).isFile());
});

test('a run folder may be given by a link, since it was named', () => {
  const link = fresh();
  symlinkSync(laid(), link);
  assert.equal(writeReport(link).legs[0]?.perConnection?.user?.bytes, 3000);
});

test('a run.json of 2 GB is refused without being read', () => {
  const folder = laid();
  truncateSync(join(folder, 'run.json'), 2 ** 31);
  assert.throws(() => writeReport(folder), { code: 'ERUNFOLDER', message: /run\.json that is larger than 64 MiB/ });
});

test('a line without an end is left out, and what stands before it is read', () => {
  const folder = laid();
  const path = join(folder, 'samples.jsonl');
  truncateSync(path, statSync(path).size + 2 ** 40);
  const { problems, samples } = readRun(folder);
  assert.equal(samples.length, climb(3000).length);
  assert.match(problems.join(), /^the last \d{13} bytes of samples\.jsonl are left out: line \d+ does not end$/);
});

test('a line that is too long is left out, and what stands behind it is read', () => {
  const folder = writeRun(fresh(), { samples: climb(3000).slice(0, 4) });
  const path = join(folder, 'samples.jsonl');
  truncateSync(path, statSync(path).size + 300 * 2 ** 20);
  appendFileSync(
    path,
    `\n${climb(3000)
      .slice(4)
      .map((sample) => JSON.stringify(sample))
      .join('\n')}\n`,
  );
  const { problems, samples } = readRun(folder);
  assert.equal(samples.length, climb(3000).length);
  assert.deepEqual(problems, [`1 of ${samples.length + 1} lines of samples.jsonl have more than 8 MiB`]);
});

test('a page is there before a long line, and shows what stands behind it', async (t) => {
  const folder = writeRun(fresh(), { samples: [] });
  const path = join(folder, 'samples.jsonl');
  truncateSync(path, 300 * 2 ** 20);
  appendFileSync(
    path,
    `\n${climb(3000)
      .map((sample) => JSON.stringify(sample))
      .join('\n')}\n`,
  );
  const feed = new RunFeed();
  t.after(followRun(folder, feed));
  assert.deepEqual([feed.view().standing, feed.view().head?.name], ['running', 'synthetic']);
  await eventually(() => feed.view().standing === 'ended', 'all of it is read');
  assert.equal(feed.view().verdict?.summary.legs[0]?.perConnection?.user?.bytes, 3000);
});

/** Node itself is given so little room that the record doesn't fit. */
test('a record far larger than memory gives the same report as one that fits', () => {
  const own = new URL('../../report/fold/read-run.js', import.meta.url).href;
  const summarize = new URL('../../report/fold/summarize.js', import.meta.url).href;
  const samples = climb(3000);
  const [few, many] = [1, 200_000].map((ticks) => {
    const folder = writeRun(fresh(), { samples });
    const file = openSync(join(folder, 'samples.jsonl'), 'a');
    const line = `${JSON.stringify(tick(3000, progressOf(3000).counts))}\n`;
    for (let left = ticks; left > 0; left -= 1000) writeSync(file, line.repeat(Math.min(left, 1000)));
    closeSync(file);
    const program = `const [{ readRun }, { summarize }] = await Promise.all([import('${own}'), import('${summarize}')]);
      process.stdout.write(JSON.stringify(summarize(readRun('${folder}'))));`;
    return execFileSync(process.execPath, ['--max-old-space-size=64', '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
  });
  assert.equal(many, few);
});

const HOSTILE: ReadonlyArray<[string, string]> = [
  ['deep nesting', '['.repeat(100_000)],
  ['deep nesting in a value', `{"type":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['keys of the language', '{"__proto__":{"type":"tick"},"constructor":{"prototype":{}}}'],
  ['a number that is none', '{"type":"tick","elapsedMs":1e999}'],
];
for (const [name, line] of HOSTILE) {
  test(`a line with ${name} is left out`, () => {
    const folder = laid();
    appendFileSync(join(folder, 'samples.jsonl'), `${line}\n`);
    const { problems, samples } = readRun(folder);
    assert.deepEqual(problems, [`1 of ${samples.length + 1} lines of samples.jsonl could not be read`]);
    assert.equal(({} as { type?: string }).type, undefined);
  });
}

const HOSTILE_FILES: ReadonlyArray<[string, (file: object) => string]> = [
  [
    'deep nesting among its settings',
    (file) =>
      JSON.stringify({ ...file, config: { deep: 0 } }).replace(
        '"deep":0',
        `"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      ),
  ],
  [
    'keys of the language among its settings',
    (file) =>
      JSON.stringify({ ...file, config: { x: 0 } }).replace('"x":0', '"__proto__":{"sizing":1},"constructor":1'),
  ],
  [
    'more launches than anybody makes',
    (file) => JSON.stringify({ ...file, plan: { ...runFile().plan, launches: 9e15 } }),
  ],
];
for (const [name, textOf] of HOSTILE_FILES) {
  test(`a run.json with ${name} is reported on`, () => {
    const folder = laid();
    writeFileSync(join(folder, 'run.json'), textOf(runFile()));
    assert.equal(writeReport(folder).legs[0]?.perConnection?.user?.bytes, 3000);
  });
}

test('a folder with any number of files is read by those it needs', async () => {
  const folder = laid();
  for (let i = 0; i < 300; i++) writeFileSync(join(folder, `other-${i}`), '');
  assert.equal(writeReport(folder).legs[0]?.perConnection?.user?.bytes, 3000);
  const top = fresh();
  mkdirSync(top);
  for (let i = 0; i < 300; i++) writeFileSync(join(top, `other-${i}`), '');
  assert.match((await said('report', top)).err(), /^ERUNFOLDER: .* is not a run folder/);
});
