import { AUTOSCALERS } from '../core/values/autoscalers.ts';
import { jsonOption } from './json-option.ts';
import { type OptionTable, oneOf, onOff, quantity, type Read } from './option.ts';
import { SIZING_OPTIONS } from './sizing-options.ts';

/** Every option of `connrig report`. What a run is planned for is what the run was given, unless it is said anew. */
export const REPORT_OPTIONS = {
  ...SIZING_OPTIONS,
  png: {
    name: 'png',
    group: 'output',
    help: 'draw the charts as PNG as well, with a Chromium that is installed',
    default: 'false',
    read: onOff,
  },
  kubernetes: {
    name: 'kubernetes',
    group: 'output',
    help: 'print memory, drain and autoscaling of a Deployment as YAML; see docs/kubernetes.md',
    default: 'false',
    read: onOff,
  },
  autoscaler: {
    name: 'autoscaler',
    group: 'output',
    argument: '<kind>',
    help: 'with --kubernetes: hpa (HorizontalPodAutoscaler) or keda (ScaledObject with a Prometheus trigger); a Deployment may have one of them (default: hpa)',
    read: oneOf(AUTOSCALERS),
  },
  perPod: {
    name: 'per-pod',
    group: 'output',
    argument: '<count>',
    help: 'with --kubernetes: connections of a pod, which gets the memory they need (default: the memory size that the report has settings for)',
    read: quantity('count', 1),
  },
  workload: {
    name: 'workload',
    group: 'output',
    argument: '<name>',
    help: 'with --kubernetes: the Deployment, and the container in it that holds the connections (default: target)',
    read: matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a name in Kubernetes such as chat-server'),
  },
  podMetric: {
    name: 'pod-metric',
    group: 'output',
    argument: '<name>',
    help: 'with --kubernetes: the metric that tells the open connections of a pod (default: connrig_server_connections_open)',
    read: matching(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'a metric name such as app_connections_open'),
  },
  prometheusUrl: {
    name: 'prometheus-url',
    group: 'output',
    argument: '<url>',
    help: 'with --autoscaler keda: where KEDA asks for it (default: http://prometheus.monitoring:9090)',
    read: matching(/^https?:\/\/[\w.:[\]-]+(\/[\w./-]*)?$/, 'a URL such as http://prometheus.monitoring:9090'),
  },
  json: jsonOption('print summary.json on stdout; of many runs, one summary a line'),
} as const satisfies OptionTable;

/** @param noun what it has to be */
function matching(pattern: RegExp, noun: string): (text: string) => Read<string> {
  return (text) => (pattern.test(text) ? { value: text } : { problem: `${JSON.stringify(text)} is not ${noun}` });
}
