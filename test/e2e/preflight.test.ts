/** Plans that don't fit, disks and descriptors that run out, and what the help says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  assertFailed,
  assertNoStack,
  connrig,
  HASTY,
  killIfThere,
  newFolder,
  phaseOf,
  readEvents,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startServe } from '../support/serve-process.ts';

const TIMEOUT = { timeout: 180_000 };
const ENTRY = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** The command below a limit of its shell's own, whatever this machine's is. */
const limited = (limit: string): { program: string[] } => ({
  program: ['/bin/sh', '-c', `${limit}; exec "$@"`, 'sh', process.execPath, ENTRY],
});
const FEW_FILES = limited('ulimit -n 256');

describe('a plan beyond the open files of one process', () => {
  const PLAN = ['run', '--levels', '60,1000', '--rate', '100/s', ...HASTY];

  it('stops before the first socket, and names the command that helps', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrig(t, [...PLAN, '--out', folder], FEW_FILES);
    assertFailed(
      ended,
      3,
      'EFILES',
      /this plan needs 1,072 open files in one process; the limit is 256;.* — ulimit -n 1072/,
    );
    const sentence = ended.stderr.split('\n').find((line) => line.startsWith('EFILES')) ?? '';
    assert.equal(sentence.split('this plan needs').length, 2, 'both legs need the same; it is said once');
    assert.deepEqual(
      readEvents(folder).map(({ type }) => type),
      ['error'],
    );
    assert.deepEqual(readSamples(folder), []);
    const { status, exitCode, legs } = await reportOn(t, folder);
    assert.deepEqual({ status, exitCode, legs }, { status: 'failed', exitCode: 3, legs: [] });
  });

  it('starts with --force, and says what it found', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = startConnrig(t, [...PLAN, '--force', '--out', folder], FEW_FILES);
    await phaseOf(run, folder, 'ramp', 1000);
    killIfThere(run.pid, 'SIGINT');
    assertFailed(await run.ended, 130, 'EINTERRUPTED');
    assert.deepEqual(run.processes(), []);
    const { warnings, legs } = await reportOn(t, folder);
    assert.match(warnings.join('\n'), /this plan needs 1,072 open files .* — ulimit -n 1072/);
    assert.equal(legs[0]?.levels[0]?.open, 60);
  });

  it('runs into the limit with --force, in order: EFILES, with the levels below', TIMEOUT, async (t) => {
    const server = await startServe();
    t.after(() => server.stop());
    const folder = newFolder(t);
    const args = [
      'run',
      `ws://127.0.0.1:${server.ports.ws}`,
      '--levels',
      '60,120,1000',
      '--force',
      ...HASTY,
      '--out',
      folder,
    ];
    const ended = await connrig(t, args, FEW_FILES);
    assertFailed(ended, 3, 'EFILES', /this machine has no file descriptor left/);
    const [leg] = (await reportOn(t, folder)).legs;
    assert.deepEqual(
      leg?.levels.map(({ open }) => open),
      [60, 120],
    );
    assert.ok((leg?.outcomes['no-fds'] ?? 0) > 0);
    assert.ok((leg?.peakOpen ?? 0) > 120 && (leg?.peakOpen ?? 0) < 256);
  });
});

describe('a run folder on a disk that fills up', () => {
  it('ends the run with EOUT; what was written can be read', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    // No file may grow beyond 20 blocks of 512 bytes (1,024 in some shells).
    const args = ['run', '--protocol', 'tcp', '--levels', '20,40,2k', '--rate', '100/s', ...HASTY, '--out', folder];
    const ended = await connrig(t, args, limited('ulimit -f 20'));
    assertFailed(ended, 2, 'EOUT', /can't be written \((ENOSPC|EFBIG)\)/);
    const { status, exitCode, error, warnings } = await reportOn(t, folder);
    assert.deepEqual({ status, exitCode, code: error?.code }, { status: 'failed', exitCode: 2, code: 'EOUT' });
    assert.match(warnings.join('\n'), /the last line of samples.jsonl is cut off/);
  });
});

describe('a reader that goes away', () => {
  it('is no reason to give up the run', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = startConnrig(t, [
      'run',
      '--protocol',
      'tcp',
      '--levels',
      '10,20,30',
      '--json',
      ...HASTY,
      '--out',
      folder,
    ]);
    await phaseOf(run, folder, 'hold', 10);
    run.child.stderr?.destroy();
    run.child.stdout?.destroy();
    assert.equal((await run.ended).code, 0);
    assert.equal((await reportOn(t, folder)).status, 'passed');
  });
});

describe('connrig doctor', () => {
  it('says that 5,000 connections fit, or which command makes them', TIMEOUT, async (t) => {
    const { code, stdout, stderr } = await connrig(t, ['doctor', '--connections', '5k']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /^ok +files +[\d,]+ +5,0\d\d +ulimit -n$/m);
    assert.match(stdout, /5,000 connections with both ends on this machine: fit\./);
  });

  it('ends in exit code 3 when they do not', TIMEOUT, async (t) => {
    const few = await connrig(t, ['doctor', '--connections', '5k'], FEW_FILES);
    assertFailed(few, 3, 'EFILES', /ulimit -n 50\d\d/);
    const many = await connrig(t, ['doctor', '--connections', '100M', '--json']);
    assert.equal(many.code, 3);
    assertNoStack(many.stderr);
    const { findings } = JSON.parse(many.stdout) as { findings: Array<{ what: string; ok: string }> };
    assert.ok(findings.some(({ what, ok }) => what === 'memory' && ok === 'fail'));
  });
});

describe('the help', () => {
  const OPTIONS: Readonly<Record<string, readonly string[]>> = {
    run: [
      ...['connections', 'protocol', 'levels', 'rate', 'window', 'open-timeout', 'settle-timeout', 'workers', 'source'],
      ...['pid', 'out', 'name', 'json', 'quiet', 'force', 'config'],
    ],
    serve: [
      ...['host', 'protocol', 'ws-port', 'tcp-port', 'admin-port', 'backlog', 'max-connections', 'handshake-timeout'],
      ...['max-payload', 'per-message-deflate', 'processes', 'until-stdin-ends', 'json'],
    ],
    report: ['json'],
    doctor: ['connections', 'json'],
  };
  for (const [command, options] of Object.entries(OPTIONS)) {
    it(`of connrig ${command} lists every option`, TIMEOUT, async (t) => {
      const { code, stdout, stderr } = await connrig(t, [command, '--help']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name ?? '');
      assert.deepEqual(listed.sort(), [...options, 'help'].sort());
    });
  }

  it('of connrig lists every command; --version is that of the package', TIMEOUT, async (t) => {
    const { code, stdout } = await connrig(t, ['--help']);
    assert.equal(code, 0);
    for (const command of Object.keys(OPTIONS)) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
    const packageFile = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
    const shown = await connrig(t, ['--version']);
    assert.deepEqual({ code: shown.code, stdout: shown.stdout }, { code: 0, stdout: `${version}\n` });
  });
});
