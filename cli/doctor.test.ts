import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from 'commander';
import { RigError } from '../core/values/errors.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { connrigHere, newFolder } from '../test/support/connrig.ts';
import { addDoctorCommand } from './doctor.ts';

/** Runs `connrig doctor ARGS` in this process. */
async function doctor(...args: string[]): Promise<{ out: string; error: unknown }> {
  const deps = testDeps();
  const program = new Command();
  program.exitOverride().configureOutput({ writeErr: (text) => deps.stderr.write(text) });
  addDoctorCommand(program, deps);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  const error = await program.parseAsync(['doctor', ...args], { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { out: deps.out(), error };
}

test('a small plan fits, and the table has a line for each finding', async () => {
  const { out, error } = await doctor('--connections', '50');
  assert.equal(error, undefined);
  assert.match(out, /^ +what +is +needed/);
  for (const what of [
    "the client's open files",
    "the target's open files",
    "the client's local ports",
    "the machine's memory",
  ])
    assert.match(out, new RegExp(`^\\S+ +${what} `, 'm'));
  assert.match(out, /\n50 connections with both ends on this machine: fit\.\n/);
  for (const what of ['target', 'others', 'slab', 'sockstat', 'established', 'host', 'cgroup', '--command', 'loopback'])
    assert.match(out, new RegExp(`^(ok|lacks) +${what}  `, 'm'));
  assert.match(out, /^One reading of all meters takes [\d.]+ ms\.$/m);
});

test('a plan beyond any machine prints its findings and ends in exit code 3', async () => {
  const { out, error } = await doctor('--connections', '100M', '--json');
  assert.ok(error instanceof RigError);
  assert.equal(error.exitCode, 3);
  const { schema, need, findings, most } = JSON.parse(out);
  assert.equal(schema, 1);
  assert.equal(need.connections, 1e8);
  assert.ok(findings.some(({ what, ok }: { what: string; ok: string }) => what === 'memory' && ok === 'fail'));
  assert.ok(most.connections > 0 && most.connections < 1e8);
});

test('it takes URLs, all options of a run, and a config file; run --dry-run says the same', async (t) => {
  const args = ['tcp://127.0.0.1:9001-9004', '--connections', '70k', '--levels', '5', '--engine', 'node', '--json'];
  const { out, error } = await doctor(...args);
  const { need, findings, most } = JSON.parse(out);
  assert.ok(error === undefined || error instanceof RigError);
  assert.deepEqual(
    [need.protocol, need.connections, need.destinations, need.targetOnThisMachine],
    ['tcp', 70_000, 4, true],
  );
  const files = findings.find(({ what }: { what: string }) => what === 'files');
  assert.ok(files.needed > 70_000, 'the node engine has one table of descriptors');
  assert.ok(most.connections > 0);

  const file = newFolder(t);
  writeFileSync(file, 'urls: tcp://127.0.0.1:9001-9004\nconnections: 70k\nengine: node\nlevels: 5\n');
  for (const same of [
    ['doctor', '--config', file, '--json'],
    ['run', ...args, '--dry-run'],
    ['run', '--config', file, '--json', '--dry-run'],
  ]) {
    const ended = await connrigHere(same);
    const told = JSON.parse(ended.stdout);
    assert.deepEqual(
      [told.need, told.findings.map(({ what }: { what: string }) => what)],
      [need, findings.map(({ what }: { what: string }) => what)],
    );
  }
});

test('a dry run starts nothing and leaves nothing', async (t) => {
  const out = newFolder(t);
  const marker = `${out}-started`;
  const plan = ['--connections', '50', '--levels', '1', '--out', out];
  const ended = await connrigHere(['run', 'tcp://127.0.0.1:1', '--command', `touch ${marker}`, ...plan, '--dry-run']);
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /\n50 connections with both ends on this machine: fit\.\n/);
  assert.deepEqual([existsSync(out), existsSync(marker)], [false, false]);
});

for (const [bad, wanted] of [
  ['abc', /^--connections: "abc" is not a count such as 100k$/],
  ['0', /^--connections: 0 is too small: at least 1$/],
  ['-5', /is not a count/],
  ['1.5', /is not a count/],
] as const) {
  test(`--connections ${bad} is refused with an example`, async () => {
    const { out, error } = await doctor(`--connections=${bad}`);
    assert.ok(error instanceof RigError);
    assert.deepEqual([error.code, error.hint], ['EUSAGE', 'connrig doctor --help']);
    assert.match(error.message, wanted);
    assert.equal(out, '');
  });
}
