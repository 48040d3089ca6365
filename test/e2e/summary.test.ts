/** What a run leaves: summary.json as documented, reports that can be made again, and streams that keep to their part. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { Summary } from '../../core/schemas/summary.ts';
import {
  assertFailed,
  connrig,
  foldedLegs,
  HASTY,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  undisturbed,
} from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };
const REPORTS = ['levels.csv', 'report.html', 'report.md', 'summary.json', 'charts/memory-ws.svg'];

const readReports = (folder: string): string[] => REPORTS.map((name) => readFileSync(join(folder, name), 'utf8'));

describe('a run', () => {
  it('prints summary.json with --json, tells people on stderr, can be reported on again', TIMEOUT, async (t) => {
    const { folder, code, stdout, stderr } = await undisturbed(t, (out) => [
      ...['run', '--protocol', 'ws,tcp', '--connections', '60', '--levels', '3', ...HASTY, '--json', '--out', out],
    ]);
    const left = [
      'charts',
      'events.jsonl',
      'levels.csv',
      'report.html',
      'report.md',
      'run.json',
      'samples.jsonl',
      'summary.json',
    ];
    assert.deepEqual(readdirSync(folder).sort(), left);
    assert.equal(stdout, readFileSync(join(folder, 'summary.json'), 'utf8'));

    const json: unknown = JSON.parse(stdout);
    const summary = Summary.parse(json);
    assert.deepEqual(summary, json, 'nothing beyond the schema');
    const { status, exitCode, error, target, legs, generator } = summary;
    // Sixty connections tell a cost on a quiet machine, if anywhere.
    assert.deepEqual(
      [status, exitCode, error?.code ?? null, code],
      status === 'inconclusive' ? [status, 7, 'EINCONCLUSIVE', 7] : ['measured', 0, null, 0],
      stderr,
    );
    assert.equal(target.kind, 'builtin');
    assert.equal(target.urls.length, 2);
    assert.deepEqual(
      legs.map(({ protocol, planned, peakOpen }) => [protocol, planned, peakOpen]),
      [
        ['ws', 60, 60],
        ['tcp', 60, 60],
      ],
    );
    for (const { levels, perConnection, outcomes, attempts, open, baselineBytes } of foldedLegs(folder)) {
      assert.deepEqual(
        levels.map((level) => level.open),
        [20, 40, 60],
      );
      for (const { bytes } of levels) assert.equal(bytes.total, (bytes.user ?? 0) + (bytes.kernel ?? 0));
      assert.ok(perConnection?.total && perConnection.user && perConnection.kernel);
      assert.ok(perConnection.kernel.bytes > 2000 && perConnection.kernel.bytes < 8000);
      assert.equal(outcomes.open, attempts);
      assert.ok((open.p50Ms ?? 0) > 0 && (open.maxMs ?? 0) >= (open.p99Ms ?? 0) && (open.ratePerSecond ?? 0) > 0);
      assert.ok((baselineBytes ?? 0) > 1e6);
    }
    assert.ok((generator.rssBytes ?? 0) > 1e7 && (generator.cpuSeconds ?? 0) > 0);

    const line =
      /^(?:ws|tcp) [\w, -]+ · opening \d+, open [\d,]+, failed 0, closed [\d,]+ · [\d,]+\/s · target .+ · about .+ left$/gm;
    const { finishedAt, startedAt } = readRunJson(folder);
    const seconds = (Date.parse(finishedAt!) - Date.parse(startedAt)) / 1000;
    const told = [...stderr.matchAll(line)].length;
    assert.ok(told >= 1 && told <= 1 + seconds / 10, `${told} lines in ${seconds} s`);
    assert.ok(!stderr.includes('\r') && !stderr.includes('\u001b'), 'plain lines where there is no terminal');
    assert.match(stderr, /^one more connection costs +(?:\d|inconclusive)/m);
    const isError = (text: string): boolean => /^E[A-Z]+: /.test(text);
    assert.equal(
      stderr
        .trimEnd()
        .split('\n')
        .findLast((text) => !isError(text)),
      folder,
    );

    const before = readReports(folder);
    for (const name of REPORTS) rmSync(join(folder, name));
    const again = await connrig(t, ['report', folder]);
    // How the run ended is told as it was; the report itself is made.
    const errors = stderr.split('\n').filter(isError);
    assert.deepEqual(
      [again.code, again.stderr.split('\n').filter((text) => text !== '')],
      [0, [...errors, join(folder, 'report.html')]],
    );
    assert.deepEqual(readReports(folder), before);
    assert.ok(stderr.includes(again.stdout), 'the same table, on stdout now');
    assert.equal((await connrig(t, ['report', folder, '--json'])).stdout, stdout);
    const [csv = '', html = '', markdown = ''] = before;
    assert.equal(csv.trimEnd().split('\n').length, 1 + 6);
    assert.match(markdown, /^# builtin: (?:measured|inconclusive)\n/);
    assert.match(html, /<p class="verdict">(?:One more|From levels|The levels|The memory|Memory|Above)/);
  });

  it('takes a YAML file, the command line wins, and --quiet says the result alone', TIMEOUT, async (t) => {
    const { folder, code, stdout, stderr } = await undisturbed(t, (out) => {
      const file = join(dirname(out), 'run.yaml');
      writeFileSync(
        file,
        `# a comment\nconnections: 1k\nlevels: [10, 30]\nprotocol: tcp\nname: from-file\nquiet: true\nrate: 500/s\nsettle-timeout: 0s\nout: ${out}\n`,
      );
      return ['run', '--config', file, '--connections', '30', '--name', 'from-flag'];
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /^30 TCP connections took .*\.\n\n +tcp\nopen at the top level +30 of 30\n/m);
    assert.equal((await connrig(t, ['report', folder])).stdout, stdout, 'the same words');
    const { name, plan, config } = readRunJson(folder);
    assert.equal(name, 'from-flag');
    const climb = { warmUp: 5, levels: [10, 30], connectsPerSecond: 500, cycles: 1 };
    const does = { behaviour: { kind: 'idle' }, close: 'graceful', perMessageDeflate: 'off' };
    assert.deepEqual(plan, {
      legs: [
        {
          name: 'tcp',
          url: null,
          protocol: 'tcp',
          transport: 'plain',
          family: 'inet',
          tls: null,
          opening: null,
          ...does,
          ...climb,
        },
      ],
      launches: 1,
    });
    assert.equal(config['connections'], 30);
  });

  it('takes a JSON file with URLs, and says nothing but its error when it is quiet', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const file = join(dirname(folder), 'run.json');
    const url = 'tcp://127.0.0.1:1';
    writeFileSync(
      file,
      JSON.stringify({ urls: [url], connections: '40', levels: 2, window: 7, quiet: true, out: folder }),
    );
    const ended = await connrig(t, ['run', '--config', file, '--json', '--window', '9']);
    assertFailed(ended, 4, 'EREFUSED');
    assert.equal(ended.stderr.trimEnd().split('\n').length, 1, ended.stderr);
    const summary = Summary.parse(JSON.parse(ended.stdout));
    assert.deepEqual([summary.status, summary.exitCode, summary.error?.code], ['failed', 4, 'EREFUSED']);
    const { config } = readRunJson(folder);
    assert.deepEqual([config['urls'], config['window'], config['connections']], [[url], 9, 40]);
  });

  it('keeps progress and result apart: the result on stdout, where its folder is on stderr', TIMEOUT, async (t) => {
    const { folder, stdout, stderr } = await undisturbed(t, (out) => [
      ...['run', '--protocol', 'tcp', ...ONE_LEVEL, '--out', out],
    ]);
    assert.match(stdout, /^20 TCP connections took /m);
    assert.equal((await connrig(t, ['report', folder])).stdout, stdout);
    assert.match(stderr, /^tcp warm-up · /m);
    assert.equal(stderr.trimEnd().split('\n').at(-1), folder);
    assert.doesNotMatch(stderr, /TCP connections took|open at the top level/);
  });

  it('makes a folder of its own below runs/ when none is named', TIMEOUT, async (t) => {
    const cwd = dirname(newFolder(t));
    const ended = await connrig(t, ['run', 'tcp://127.0.0.1:1', '--connections', '9', '--name', 'mine'], { cwd });
    assertFailed(ended, 4, 'EREFUSED');
    const [folder = '', ...others] = readdirSync(join(cwd, 'runs'));
    assert.deepEqual(others, []);
    assert.match(folder, /^\d{8}T\d{9}Z-mine$/);
    assert.ok(ended.stderr.includes(join('runs', folder)));
  });
});
