import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Command } from 'commander';
import { RigError } from '../core/values/errors.ts';
import { listen } from '../telemetry/listen.ts';
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

test('a dry run tells the whole plan without a connection, and no secret of it', async (t) => {
  let accepted = 0;
  const server = createServer(() => {
    accepted += 1;
  });
  const port = await listen(server, '127.0.0.1', 0, 511);
  t.after(() => server.close());
  const at = `127.0.0.1:${port}`;
  const args = [
    ...['run', `ws://${at}/chat?key=of-the-query`, `tls://${at}`, `https://${at}`, '--dry-run', '--rest', '1s'],
    ...[
      '--header',
      'Authorization: Bearer of-the-header',
      '--connections',
      '2k',
      '--levels',
      '500,1k,2k',
      '--rate',
      '1k/s',
    ],
  ];
  const { code, stdout, stderr } = await connrigHere(args);
  assert.equal(code, 0, stderr);
  for (const line of [
    `leg ws: ws://${at}/chat?key=***`,
    '  speaks     ws: headers Authorization',
    '  levels     500, 1,000, 2,000; each read after a rest of 1.00 s',
    '  opens      1,000 per second, after a warm-up with 250',
    '  open ones  idle; closed by a goodbye',
    `leg tls: tls://${at}`,
    '  secured by  TLS 1.2 or 1.3, each open a first visit',
    'launches       1',
    // Each leg has 2 s of a warm-up in 8 rounds, 2 s to climb, five rests of 1 s, a drain, and 2 s for a burst.
    'time           at least 33.12 s',
  ])
    assert.ok(stdout.split('\n').includes(line), `${line}\n${stdout}`);
  assert.match(stdout, /^record {9}runs\/\d+T\d+Z-ws-tls-https$/m);
  assert.match(stdout, /^not known yet {2}whether anybody accepts at .*; whether its certificate is trusted/m);
  const json = await connrigHere([...args, '--json']);
  const { plan } = JSON.parse(json.stdout);
  assert.deepEqual(
    plan.legs.map(({ name, leastMs }: { name: string; leastMs: number }) => [name, leastMs]),
    [
      ['ws', 11_040],
      ['tls', 11_040],
      ['https', 11_040],
    ],
  );
  assert.deepEqual([plan.legs[0].opening.headers, plan.leastMs], [['Authorization'], 33_120]);
  for (const text of [stdout, stderr, json.stdout]) assert.doesNotMatch(text, /of-the-/);
  assert.equal(accepted, 0);
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
