/** The steps of action.yml, as a runner would run them: each in a shell of its own, with its inputs as environment. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { HASTY, newFolder } from '../support/connrig.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STEP_TIMEOUT_MS = 240_000;

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: ReadonlyArray<{
      readonly shell: string;
      readonly env: Record<string, string>;
      readonly run: string;
    }>;
  };
}

it('the action installs a tarball, runs, and says how it ended', { timeout: 600_000 }, (t) => {
  const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as Action;
  assert.equal(action.runs.using, 'composite');
  const home = dirname(newFolder(t));
  const at = (name: string): string => join(home, name);
  // A project that is not this clone, and has no package of its own.
  mkdirSync(at('project'));
  for (const file of ['summary.md', 'output']) writeFileSync(at(file), '');
  // The build is there already, and what `npm pack` would build again.
  const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', home], { cwd: ROOT });
  assert.equal(packed.status, 0, String(packed.stderr));
  const tarball = readdirSync(home).find((name) => name.endsWith('.tgz'))!;

  const [install, run] = action.runs.steps;
  assert.equal(action.runs.steps.length, 2);
  const inputs = {
    args: `--target node-tcp --levels 50,100,200 ${HASTY.join(' ')} --label 'note=a b' --fail-if 'tcp.peakOpen > 150'`,
    package: at(tarball),
    baseline: at('no-such-run'),
    junit: 'junit.xml',
  };
  const step = (which: typeof install) => {
    const env = Object.fromEntries(
      Object.entries(which!.env).map(([name, text]) => [name, filled(text, action, inputs)]),
    );
    // A runner fails a step at the first command that does.
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', which!.run], {
      cwd: at('project'),
      encoding: 'utf8',
      timeout: STEP_TIMEOUT_MS,
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
        ...env,
        XDG_CACHE_HOME: at('cache'),
        RUNNER_TEMP: at('temp'),
        GITHUB_STEP_SUMMARY: at('summary.md'),
        GITHUB_OUTPUT: at('output'),
        GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      },
    });
  };
  const installed = step(install);
  assert.equal(installed.status, 0, installed.stderr);
  assert.ok(existsSync(at('temp/connrig/bin/connrig')));
  const ran = step(run);
  assert.equal(ran.status, 5, ran.stderr);
  assert.equal(readFileSync(at('output'), 'utf8'), 'status=failed\nexit-code=5\n');
  assert.deepEqual(
    Object.values(action.outputs).map(({ value }) => value),
    ['status', 'exit-code'].map((name) => `\${{ steps.run.outputs.${name} }}`),
  );
  const summary = JSON.parse(readFileSync(at('project/connrig-run/summary.json'), 'utf8')) as { labels: unknown };
  assert.deepEqual(summary.labels, { note: 'a b', commit: '0123456789abcdef0123456789abcdef01234567' });
  assert.match(readFileSync(at('summary.md'), 'utf8'), /## .*: failed/);
  assert.match(readFileSync(at('project/junit.xml'), 'utf8'), /<testsuite/);
});

/** As a runner fills in what the file leaves open; what else it would know fails the test. */
function filled(text: string, { inputs }: Action, given: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => {
    if (name === 'github.action_path') return ROOT;
    const input = /^inputs\.(.+)$/.exec(name)?.[1];
    assert.ok(input !== undefined && input in inputs, name);
    return given[input] ?? inputs[input]?.default ?? '';
  });
}
