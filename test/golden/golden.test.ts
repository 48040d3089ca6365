/** Recorded runs: what is made of them is what is kept here, each time and everywhere. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Summary } from '../../core/schemas/summary.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { plain } from '../../report/words/phrase.ts';
import { verdictOf } from '../../report/words/verdict.ts';
import {
  COMPARED,
  compareGolden,
  digestsOf,
  goldenRuns,
  renderedIn,
  unpackGolden,
} from '../../scripts/golden/golden-runs.ts';
import { writeLongRun } from '../../scripts/golden/long-run.ts';

const HOME = fileURLToPath(new URL('../../../test/golden', import.meta.url));
const CONNRIG = fileURLToPath(new URL('../../bin/main.js', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'connrig-golden-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;

function unpacked(name: string): string {
  const folder = join(base, `${made++}-${name}`);
  unpackGolden(name, folder);
  return folder;
}

interface Rendered {
  readonly folder: string;
  readonly summary: Summary;
  readonly files: ReadonlyMap<string, string>;
}

const known = new Map<string, Rendered>();

/** What is made of a run, once for all that is asked of it. */
function rendered(name: string): Rendered {
  const there = known.get(name);
  if (there) return there;
  const folder = unpacked(name);
  const summary = writeReport(folder);
  const made = { folder, summary, files: renderedIn(folder) };
  known.set(name, made);
  return made;
}

/** The same of each recorded run, made by one other process. */
const others = new Map(goldenRuns().map((name) => [name, unpacked(name)]));
const WRITE_ALL = `import { writeReport } from '${new URL('../../report/outputs/write-report.js', import.meta.url)}';
for (const folder of process.argv.slice(1)) writeReport(folder);`;
before(() => {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', WRITE_ALL, ...others.values()]);
  assert.equal(status, 0, String(stderr));
});

for (const name of goldenRuns()) {
  test(`${name}: its reports are those kept, byte for byte (npm run generate writes them anew)`, () => {
    const { files } = rendered(name);
    assert.equal(files.get('report.md'), readFileSync(join(HOME, name, 'report.md'), 'utf8'));
    assert.equal(digestsOf(files), readFileSync(join(HOME, name, 'rendered.sha256'), 'utf8'));
  });

  test(`${name}: made by another process, and again over what was there, they are the same`, () => {
    const { folder, files } = rendered(name);
    writeReport(folder);
    assert.deepEqual(renderedIn(folder), files);
    assert.deepEqual(renderedIn(others.get(name)!), files);
  });

  test(`${name}: every chart lies beside report.md`, () => {
    const { folder, files } = rendered(name);
    const summary: unknown = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
    assert.deepEqual(Summary.parse(summary), summary);
    const named = [...files.get('report.md')!.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, file]) => file!);
    assert.deepEqual(
      [...named].sort(),
      [...files.keys()].filter((file) => file.startsWith('charts/')),
    );
  });
}

test('the command makes the same of a run as this process does', () => {
  const folder = unpacked('two-legs');
  const { status, stderr } = spawnSync(process.execPath, [CONNRIG, 'report', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(renderedIn(folder), rendered('two-legs').files);
});

const SENTENCES: Readonly<Record<string, readonly RegExp[]>> = {
  'two-legs': [
    /^One more TCP connection costs 5\.\d KiB \(between 5\.\d and 5\.\d KiB\): 1\.\d KiB in user space and 4\.\d KiB in the kernel; 2\.0 GiB hold about 2\d0,000 while everybody reconnects and about [23]\d0,000 at rest with 20 % headroom, far beyond what was measured; the first limit is the target's open files at 19,936, then the client's local ports at 28,232\.$/,
    /^One more WebSocket costs 7\.\d KiB \(between 7\.\d and 7\.\d KiB\): 3\.\d KiB in user space and 4\.\d KiB in the kernel; /,
  ],
  knee: [
    /^Above about 3,999 connections one more TCP connection costs 12\.0 KiB: 8\.0 KiB in user space and 4\.0 KiB in the kernel; below that it was 8\.0 KiB, 16\.0 MiB came at once between 1,500 and 2,000; /,
  ],
  noisy: [
    /^The levels scatter too much to tell what one more TCP connection costs: up to 142 KiB would fit; to settle it: --connections 20k --levels 12\.$/,
  ],
  'lost-target': [
    /^The run failed: the command ended by itself \(SIGKILL\): listening\.$/,
    /^From levels up to 2,000 of 8,000: 2,000 TCP connections took 39\.2 MiB, but two levels can't tell what one more costs: that takes three\.$/,
  ],
  interrupted: [
    /^The run was interrupted\.$/,
    /^From levels up to 2,500 of 5,000: one more WebSocket costs 6\.6 KiB \(between /,
  ],
  'single-level': [
    /^2,000 WebSockets took 40\.3 MiB, but one level can't tell what one more costs: that takes three\.$/,
  ],
  secured: [
    /^One more WebSocket costs 6\.9 KiB \(between 6\.7 and 7\.2 KiB\): 2\.9 KiB in user space and 4\.1 KiB in the kernel; /,
    /^One more WebSocket over TLS costs 32\.5 KiB \(between 32\.4 and 32\.6 KiB\): 28\.2 KiB in user space and 4\.3 KiB in the kernel; /,
    /^TLS adds 25\.5 KiB \(between 24\.8 and 26\.3 KiB\) to one more WebSocket: 25\.3 KiB in user space, 260 B in the kernel; it opens in 367 ms instead of 0\.33 ms \(p50\), 82\.4 ms of it for the TLS handshake\.$/,
  ],
  cycles: [/^One more WebSocket costs 6\.7 KiB \(between 6\.5 and 6\.9 KiB\): /],
};
test('each of them has a sentence to expect', () => assert.deepEqual(Object.keys(SENTENCES).sort(), goldenRuns()));
for (const [name, wanted] of Object.entries(SENTENCES)) {
  test(`${name}: the verdict in words`, () => {
    const { summary, files } = rendered(name);
    const sentences = verdictOf(summary).map(plain);
    assert.equal(sentences.length, wanted.length);
    for (const [i, sentence] of sentences.entries()) assert.match(sentence, wanted[i]!);
    const paragraphs = [...files.get('report.html')!.matchAll(/<p class="verdict">(.*?)<\/p>/g)];
    assert.deepEqual(
      paragraphs.map(([, text]) => text!.replace(/<[^>]*>/g, '').replaceAll('&#39;', "'")),
      sentences,
    );
  });
}

test('a comparison is the one that is kept, byte for byte, and the same when another process makes it', () => {
  const [own, again, others] = ['own', 'again', 'others'].map((name) => join(base, name)) as [string, string, string];
  compareGolden(own);
  compareGolden(again);
  const files = renderedIn(own);
  assert.deepEqual(renderedIn(again), files);
  assert.deepEqual([...files.keys()], ['compare.html', 'compare.json', 'compare.md']);
  assert.equal(files.get('compare.md'), readFileSync(join(HOME, 'compare.md'), 'utf8'));
  assert.equal(digestsOf(files), readFileSync(join(HOME, 'compare.sha256'), 'utf8'));
  const runs = COMPARED.map((name) => {
    unpackGolden(name, join(base, 'compared', name));
    return join(base, 'compared', name);
  });
  const { status, stderr } = spawnSync(process.execPath, [CONNRIG, 'compare', ...runs, '--out', others]);
  assert.equal(status, 0, String(stderr));
  const made = renderedIn(others);
  // Only the page says which version has made it.
  made.set('compare.html', made.get('compare.html')!.replace(/(?<=Made by connrig )\S+/, '0.0.0'));
  assert.deepEqual(made, files);
});

test('an hour with ten samples a second, and a million connections, is a page of less than 1.5 MB', () => {
  const folder = join(base, 'long');
  writeLongRun(folder);
  const { legs } = writeReport(folder);
  assert.deepEqual(
    legs.map(({ levels, peakOpen }) => [levels.length, levels.at(-1)?.open, peakOpen]),
    [
      [8, 1_000_000, 1_000_000],
      [8, 1_000_000, 1_000_000],
    ],
  );
  const { size } = statSync(join(folder, 'report.html'));
  assert.ok(size > 50_000 && size < 1.5e6, String(size));
});
