/** A run held against an earlier one, and the summary it leaves to a CI job. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Summary } from '../../core/schemas/summary.ts';
import { EXIT } from '../../core/values/errors.ts';
import { renderedIn } from '../../scripts/golden/golden-runs.ts';
import { carriedOut } from '../known-answer/targets.ts';
import { compiled } from '../support/compiled.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  readRunJson,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { climb, runFile, writeRun } from '../support/synthetic-run.ts';

const TIMEOUT = { timeout: 180_000 };
const FEW = ['run', '--protocol', 'tcp', '--levels', '300,600,900,1200,1500', '--rate', '20k/s', '--quiet', ...HASTY];

describe('a run with --baseline', () => {
  it('passes against one that was dearer, and thresholds, from a config file, and appends its summary', {
    ...TIMEOUT,
    skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc'),
  }, async (t) => {
    const before = writeRun(newFolder(t), { run: tcpRun(), samples: climb(1e6, { protocol: 'tcp' }) });
    const [config, summaryFile, junit] = ['config.yaml', 'summary.md', 'junit.xml'].map((name) =>
      join(dirname(before), name),
    );
    writeFileSync(summaryFile!, 'from the step before');
    const limits = ['tcp.peakOpen > 2000', 'tcp.perConnection.user.bytes > 1MiB'];
    const settings = {
      baseline: before,
      'max-growth': '300%',
      'summary-file': summaryFile,
      junit,
      'fail-if': limits,
      launches: 1,
      'max-launches': 4,
    };
    writeFileSync(config!, JSON.stringify(settings));
    const program = compiled(t, 'known-answer/held');
    const plan = ['--levels', '500,1k,1500,2k', '--settle-timeout', '300ms', '--config', config!, '--json'];
    const { ended, folder: after } = await carriedOut(t, '--command', (port) => `exec ${program} ${port} 8192`, plan);
    assertWentThrough(ended);
    const { baseline, name, thresholds } = JSON.parse(ended.stdout);
    assert.deepEqual(
      (thresholds as Summary['thresholds']).map(({ expression, passed }) => [expression, passed]),
      limits.map((limit) => [limit, true]),
    );
    assert.deepEqual([baseline.folder, baseline.maxGrowthPercent, baseline.legs.length], [before, 300, 1]);
    assert.equal(baseline.legs[0].passed, true);
    assert.ok(baseline.legs[0].bytes > 1000 && baseline.legs[0].baselineBytes > 1000, ended.stdout);
    const text = readFileSync(summaryFile!, 'utf8');
    assert.ok(text.startsWith(`from the step before\n## ${name}: `), text);
    assert.match(text, /^\| tcp(, in user space alone)? \| .* \| passed \|$/m);
    const cases = [...readFileSync(junit!, 'utf8').matchAll(/<testcase [^>]*name="([^"]*)"[^>]*\/>/g)];
    // The run, both limits, and the leg that was held against the earlier run: none has failed.
    assert.equal(cases.length, 4);
    assert.match(cases.at(-1)![1]!, /^tcp grew by no more than 300 % since /);
    assert.equal(readRunJson(after).baseline?.run.startedAt, readRunJson(before).startedAt);
  });

  it('says before it begins which leg it can not watch, and at the end what it could not write', TIMEOUT, async (t) => {
    const before = writeRun(newFolder(t), { run: tcpRun(), samples: climb(1e6, { protocol: 'tcp' }) });
    const folder = newFolder(t);
    // Writable by its mode, and refuses every byte.
    const args = ['--baseline', before, '--summary-file', '/dev/full', '--junit', '/dev/full', '--out', folder];
    const once = ['--launches', '1', '--max-launches', '1', '--engine', 'node'];
    const ended = await connrig(t, ['run', '--levels', '20,40,60', ...HASTY, ...once, ...args]);
    assertWentThrough(ended);
    assert.match(ended.stderr, /ws: the earlier run \(.*\) has no such leg, so its growth is not watched/);
    assert.match(ended.stdout, /^growth: tcp.*: (?:passed|inconclusive)$/m);
    assert.match(ended.stderr, /^warning: the summary could not be appended to \/dev\/full \(ENOSPC\)/m);
    assert.match(ended.stderr, /^warning: JUnit XML could not be written to \/dev\/full \(ENOSPC\)/m);
    assert.ok(existsSync(join(folder, 'report.html')));
  });

  it('is refused before anything starts where there is nothing to compare with', TIMEOUT, async (t) => {
    const [out, before] = [newFolder(t), newFolder(t)];
    mkdirSync(before);
    const refused = (args: readonly string[], says: RegExp) =>
      connrigHere([...FEW, ...args, '--out', out]).then((ended) => assertFailed(ended, 2, 'EUSAGE', says));
    await refused(
      ['--baseline', before, '--window', 'x'],
      /--window: .*; --baseline: .* is not a run folder: .*ls runs\//,
    );
    await refused(['--summary-file', join(before, 'none', 's.md')], /--summary-file: .* can't be written \(ENOENT\)/);
    await refused(['--max-growth', '3%'], /--max-growth: there is nothing to grow from without --baseline/);
    writeRun(before, { run: runFile(), samples: climb(5000) });
    await refused(['--baseline', before], /--baseline: no leg in common: .* has ws, this run tcp/);
    writeRun(before, { run: { ...runFile(), schema: 9 } });
    await refused(['--baseline', before], /recorded by a newer connrig \(schema 9; .*npm install/);
    writeRun(before, { run: tcpRun(), samples: climb(5000, { protocol: 'tcp', levels: [500] }) });
    await refused(['--baseline', before], /doesn't know what one more tcp connection costs \(connrig report /);
    assert.ok(!existsSync(out));
  });
});

const tcpRun = () => {
  const run = runFile();
  return { ...run, plan: { legs: [{ ...run.plan.legs[0]!, name: 'tcp', protocol: 'tcp' as const }], launches: 1 } };
};

describe('what a connection costs against an earlier run', () => {
  const skip = process.platform !== 'linux' ? 'needs /proc' : needs('gcc');
  it('fails the run where it grew, not where it is the same; again without that run', {
    ...TIMEOUT,
    skip,
  }, async (t: TestContext) => {
    const program = compiled(t, 'known-answer/held');
    const run = (bytes: number, ...args: readonly string[]) =>
      carriedOut(t, '--command', (port) => `exec ${program} ${port} ${bytes}`, [
        ...['--levels', '1k,1500,2k,2500,3k', '--rate', '5k/s', '--settle-timeout', '300ms', '--max-launches', '8'],
        ...args,
      ]);
    const before = await run(4096, '--launches', '3');
    assertWentThrough(before.ended);
    const twin = await run(4096, '--baseline', before.folder);
    assertWentThrough(twin.ended);
    assert.equal(twin.summary.baseline!.legs[0]!.passed, true);

    const summaryFile = join(dirname(twin.folder), 'summary.md');
    const grown = () => run(8192, '--baseline', before.folder, '--summary-file', summaryFile);
    let dearer = await grown();
    // A machine that is busy with other things may keep the client from its pace.
    for (let tries = 1; tries < 5 && dearer.ended.code === EXIT.invalid; tries++) dearer = await grown();
    const { ended, summary, folder } = dearer;
    assertFailed(ended, 5, 'EGROWTH', /one more TCP connection costs .* more than in .*; 5 % is allowed/);
    const [leg] = summary.baseline!.legs;
    assert.deepEqual([summary.status, leg!.difference!.word, leg!.passed], ['failed', 'dearer', false]);
    assert.ok(Math.abs(leg!.difference!.bytes - 4096) < 200, `${leg!.difference!.bytes} instead of 4096`);
    assert.match(
      readFileSync(summaryFile, 'utf8'),
      /^\n## tcp: failed\n.* \(crossed\) .*^\*\*The run failed: one more TCP .*\| failed \|$/ms,
    );

    const files = renderedIn(folder);
    rmSync(before.folder, { recursive: true });
    const again = await connrig(t, ['report', folder]);
    assert.match(again.stdout, /^growth: tcp.*\(\+\d+\.\d %\) over .*, 5 % allowed: failed$/m);
    assert.deepEqual(renderedIn(folder), files);
  });
});
