import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { testDeps } from '../test/support/cli-deps.ts';
import { climb, writeRun } from '../test/support/synthetic-run.ts';
import { runConnrig } from './connrig.ts';

const base = mkdtempSync(join(tmpdir(), 'connrig-kubernetes-'));
after(() => rmSync(base, { recursive: true }));
const measured = writeRun(join(base, 'measured'), { samples: climb(5000) });

/** 40 MB before the first; 5,000 bytes of user memory and 3,958 of kernel memory each, opened at 2,000/s. */
const EACH = 8958;

async function print(...words: string[]) {
  const deps = testDeps();
  await runConnrig(['report', ...words], deps);
  return { code: deps.exitCode(), text: deps.out(), err: deps.err() };
}
const documentsOf = (text: string) => parseAllDocuments(text).map((one) => one.toJS());

test('report --kubernetes has memory, drain and scaling as the capacity has them', async () => {
  const { code, text, err } = await print(measured, '--kubernetes');
  assert.equal(code, undefined, err);
  const connections = Math.floor((512 * 2 ** 20 * 0.8 - 40_000_000) / EACH);
  assert.ok(text.includes(`# K = ${connections.toLocaleString('en-US')} connections a pod.`), text);
  assert.match(text, /^# One more connection costs 8,958 bytes \(95 % interval: 8,958 to 8,958\) at rest\.$/m);
  assert.match(text, /^# That is a guess: 14\.5 times as many as were measured/m);
  const grace = 10 + Math.ceil(connections / 2000) + 10;
  const policies = [{ type: 'Pods', value: 1, periodSeconds: grace }];
  const memory = { memory: '512Mi' };
  const [deployment, hpa] = documentsOf(text);
  assert.deepEqual(deployment.spec.template.spec, {
    terminationGracePeriodSeconds: grace,
    containers: [
      {
        name: 'target',
        lifecycle: { preStop: { sleep: { seconds: 10 } } },
        resources: { requests: memory, limits: memory },
      },
    ],
  });
  assert.deepEqual(hpa.spec, {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'target' },
    minReplicas: 1,
    maxReplicas: 3,
    metrics: [
      {
        type: 'Pods',
        pods: {
          metric: { name: 'connrig_server_connections_open' },
          target: { type: 'AverageValue', averageValue: String(Math.floor(connections / 1.1)) },
        },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 300, policies } },
  });
});

test('report --kubernetes gives a pod the memory that so many connections need, and KEDA its trigger', async () => {
  const { text, code, err } = await print(
    ...[measured, '--kubernetes', '--autoscaler', 'keda', '--per-pod', '6k', '--workload', 'chat'],
    ...['--pod-metric', 'chat_open', '--prometheus-url', 'http://prom:9090'],
  );
  assert.equal(code, undefined, err);
  const [deployment, scaled] = documentsOf(text);
  const memoryMib = Math.ceil((40_000_000 + 6000 * EACH) / 0.8 / 2 ** 20);
  const [container] = deployment.spec.template.spec.containers;
  assert.deepEqual([container.name, container.resources.limits.memory], ['chat', `${memoryMib}Mi`]);
  assert.deepEqual(scaled.spec.scaleTargetRef, { name: 'chat' });
  assert.deepEqual([scaled.spec.minReplicaCount, scaled.spec.maxReplicaCount], [1, 17]);
  assert.deepEqual(scaled.spec.triggers, [
    {
      type: 'prometheus',
      metricType: 'AverageValue',
      metadata: { serverAddress: 'http://prom:9090', query: 'sum(chat_open)', threshold: '5454' },
    },
  ]);
  assert.doesNotMatch(text, /guess/);
});

test('report --kubernetes refuses a run without a cost, after its reports were made', async () => {
  const folder = writeRun(join(base, 'short'), { samples: climb(5000, { levels: [500] }) });
  const { code, text, err } = await print(folder, '--kubernetes');
  assert.equal(code, 7, err);
  assert.equal(text, '');
  assert.match(err, /^EINCONCLUSIVE: the run tells no cost of a connection that pods could be sized by: .+ — .+$/m);
  assert.match(err, /report\.html$/m);
});

const REFUSED: ReadonlyArray<[readonly string[], RegExp]> = [
  [[measured, '--per-pod', '5k', '--workload', 'x'], /--per-pod, --workload: only with --kubernetes/],
  [[measured, '--kubernetes', '--json'], /--kubernetes prints YAML .* give one of them/],
  [[measured, '--kubernetes', '--prometheus-url', 'http://p:9090'], /--prometheus-url: only with --autoscaler keda/],
  [[measured, '--kubernetes', '--workload', 'A b'], /--workload: "A b" is not a name in Kubernetes/],
  [[measured, '--kubernetes', '--pod-metric', 'a)+b'], /--pod-metric: "a\)\+b" is not a metric name/],
  [[measured, '--kubernetes', '--autoscaler', 'vpa'], /--autoscaler: "vpa" is not one of hpa, keda/],
  [[base, '--kubernetes'], /holds many runs: .*--kubernetes are for one of them/],
];
for (const [words, wanted] of REFUSED) {
  test(`report refuses ${words.slice(1).join(' ')}`, async () => {
    const { code, text, err } = await print(...words);
    assert.deepEqual([code, text], [2, '']);
    assert.match(err, wanted);
  });
}
