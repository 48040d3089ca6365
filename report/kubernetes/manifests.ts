import type { Summary } from '../../core/schemas/summary.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import type { Autoscaler } from '../../core/values/autoscalers.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import { type Pod, podOf } from './pod.ts';

/** What a run can't know of a cluster. */
export interface Workload {
  /** The name of the Deployment, and of the container in it that holds the connections. */
  readonly name: string;
  readonly autoscaler: Autoscaler;
  /** Open connections of a pod. */
  readonly metric: string;
  /** Where KEDA finds Prometheus. */
  readonly prometheusUrl: string;
  /** Connections of a pod; undefined: what the memory of the report's settings holds. */
  readonly perPod: number | undefined;
}

/** An autoscaler leaves everything as it is while the metric is this close to its target (its tolerance, 10 %). */
const TOLERANCE = 1.1;
/** Until a pod that ends gets no new connections any more: all nodes have to hear of it first. */
const PRE_STOP_SECONDS = 10;
/** For what a process does besides closing connections. */
const END_SECONDS = 10;
/** The longest period that a scaling policy may have. */
const LONGEST_PERIOD_SECONDS = 1800;

/**
 * Memory, drain and autoscaling of a Deployment, as YAML for `kubectl apply --server-side`.
 *
 * @throws RigError EINCONCLUSIVE where no cost is known
 */
export function kubernetesManifests(summary: Summary, workload: Workload): string {
  const pod = podOf(summary, workload.perPod);
  const drain = drainOf(pod);
  const scaler = workload.autoscaler === 'hpa' ? hpa(pod, drain, workload) : keda(pod, drain, workload);
  return [...head(summary, pod), ...deployment(pod, drain, workload), '---', ...scaler].join('\n').concat('\n');
}

interface Drain {
  /** Opens per second that the target was seen to take; null: not known. */
  readonly pacePerSecond: number | null;
  /** Until all connections of a pod are open at others. */
  readonly seconds: number;
  readonly graceSeconds: number;
}

/** A client that is closed comes back at another pod, which takes connections no faster than the run saw. */
function drainOf({ connections, leg }: Pod): Drain {
  const pacePerSecond = leg.open.ratePerSecond;
  const seconds = pacePerSecond === null || pacePerSecond <= 0 ? 0 : Math.ceil(connections / pacePerSecond);
  return { pacePerSecond, seconds, graceSeconds: PRE_STOP_SECONDS + seconds + END_SECONDS };
}

function head({ name }: Summary, pod: Pod): string[] {
  const { leg, connections, connectionsByLine, atConnections, headroomPercent, memoryMib } = pod;
  const when = pod.sizedBy === 'burst' ? 'while everybody reconnects' : 'at rest';
  const cost = leg.perConnection?.total;
  return [
    `From the run ${oneLine(name)}, leg ${oneLine(leg.name)}.`,
    ...(cost ? [`One more connection costs ${withInterval(cost)} at rest.`] : []),
    `K = ${humanCount(connections)} connections a pod. By the line through the levels they take ${when} in all`,
    `${withInterval(atConnections)}. The upper end has to fit into ${humanBytes(memoryMib * 2 ** 20)} with ${headroomPercent} % kept free.`,
    ...(connectionsByLine === null || connectionsByLine <= connections
      ? []
      : [`Without the interval K would be ${humanCount(connectionsByLine)}.`]),
    ...(pod.beyond
      ? [`That is a guess: ${pod.extrapolation.toFixed(1)} times as many as were measured. Measure more of them first.`]
      : []),
  ].map(comment);
}

const withInterval = ({ bytes, low, high }: Estimate): string =>
  `${humanCount(Math.round(bytes))} bytes (95 % interval: ${low === null || high === null ? 'not known' : `${humanCount(Math.round(low))} to ${humanCount(Math.round(high))}`})`;

const deployment = (pod: Pod, { pacePerSecond, seconds, graceSeconds }: Drain, { name }: Workload): string[] => [
  'apiVersion: apps/v1',
  'kind: Deployment',
  'metadata:',
  `  name: ${name}`,
  'spec:',
  '  template:',
  '    spec:',
  ...(pacePerSecond === null || seconds === 0
    ? ['# The run tells no pace at which connections come back: make it as long as your clients take.']
    : [
        `# ${PRE_STOP_SECONDS} s until nobody sends it new connections, ${seconds} s for K to come back elsewhere at the ${humanCount(Math.round(pacePerSecond))} opens`,
        `# a second that the run saw, ${END_SECONDS} s to end. On SIGTERM the server has to close them at that pace.`,
      ]
  ).map((line) => `      ${line}`),
  `      terminationGracePeriodSeconds: ${graceSeconds}`,
  '      containers:',
  `        - name: ${name}`,
  '          lifecycle:',
  '            preStop:',
  '              # From Kubernetes 1.30 on; earlier: exec with the command sleep.',
  '              sleep:',
  `                seconds: ${PRE_STOP_SECONDS}`,
  '          resources:',
  '            # Processor time depends on what connections do: it is not among them.',
  '            requests:',
  `              memory: ${pod.memoryMib}Mi`,
  '            limits:',
  `              memory: ${pod.memoryMib}Mi`,
];

/** Where scaling begins: an autoscaler waits until its tolerance is passed, and a pod has K then. */
const targetOf = ({ connections }: Pod): number => Math.max(1, Math.floor(connections / TOLERANCE));

const aboutTarget = (pod: Pod): string[] => [
  `K = ${humanCount(pod.connections)}, divided by ${TOLERANCE}: the autoscaler does nothing within 10 % of its target.`,
  'It is a mean over pods. Connections stay where they are: a new pod gets new ones alone.',
];

/** For all connections wanted; what may be lost is there from the start. */
const aboutPods = ({ wanted, spare, pods }: Pod): string =>
  comment(
    `${humanCount(wanted)} connections take ${pods} pods${spare === 0 ? '' : `, ${spare} of which may be lost`}.`,
  );

const hpa = (pod: Pod, drain: Drain, { name, metric }: Workload): string[] => [
  'apiVersion: autoscaling/v2',
  'kind: HorizontalPodAutoscaler',
  'metadata:',
  `  name: ${name}`,
  'spec:',
  '  scaleTargetRef:',
  '    apiVersion: apps/v1',
  '    kind: Deployment',
  `    name: ${name}`,
  `  minReplicas: ${1 + pod.spare}`,
  `  ${aboutPods(pod)}`,
  `  maxReplicas: ${Math.max(pod.pods, 1 + pod.spare)}`,
  '  metrics:',
  '    - type: Pods',
  '      pods:',
  '        metric:',
  '          # As an adapter, such as prometheus-adapter, has it for each pod, over all protocols.',
  `          name: ${metric}`,
  '        target:',
  '          type: AverageValue',
  ...aboutTarget(pod).map((line) => `          ${comment(line)}`),
  `          averageValue: "${targetOf(pod)}"`,
  '  behavior:',
  ...scaleDown(drain).map((line) => `    ${line}`),
];

/** One after the other: while one drains, the others take its connections. */
const scaleDown = ({ graceSeconds }: Drain): string[] => [
  'scaleDown:',
  '  stabilizationWindowSeconds: 300',
  '  policies:',
  '    # One pod for each time a pod takes to drain.',
  '    - type: Pods',
  '      value: 1',
  `      periodSeconds: ${Math.min(graceSeconds, LONGEST_PERIOD_SECONDS)}`,
];

const keda = (pod: Pod, drain: Drain, { name, metric, prometheusUrl }: Workload): string[] => [
  'apiVersion: keda.sh/v1alpha1',
  'kind: ScaledObject',
  'metadata:',
  `  name: ${name}`,
  'spec:',
  '  scaleTargetRef:',
  `    name: ${name}`,
  `  minReplicaCount: ${1 + pod.spare}`,
  `  ${aboutPods(pod)}`,
  `  maxReplicaCount: ${Math.max(pod.pods, 1 + pod.spare)}`,
  '  advanced:',
  '    horizontalPodAutoscalerConfig:',
  '      behavior:',
  ...scaleDown(drain).map((line) => `        ${line}`),
  '  triggers:',
  '    - type: prometheus',
  '      metricType: AverageValue',
  '      metadata:',
  `        serverAddress: ${prometheusUrl}`,
  '        # Where others have this metric too, add labels that tell the pods of this Deployment.',
  `        query: sum(${metric})`,
  ...aboutTarget(pod).map((line) => `        ${comment(line)}`),
  `        threshold: "${targetOf(pod)}"`,
];

const comment = (text: string): string => `# ${text}`;

/** Names come from records, which anybody may have written. */
const oneLine = (text: string): string => JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?');
