import { metric, promql, recorded } from '../promql.ts';
import { EVERY_SECONDS } from './recording.ts';
import type { AlertRule, RuleGroup } from './rule.ts';

/** Above this share of what there is, the next thousand connections may fail. */
const NEARLY_OUT = 0.9;

const lost = metric('connectionsClosed', { reason: { not: 'by-us' } });

const rules: readonly AlertRule[] = [
  {
    alert: 'ConnrigTargetDescriptorsNearlyOut',
    expr: promql`${metric('targetFdsRatio')} > ${NEARLY_OUT}`,
    severity: 'warning',
    summary: 'The target uses {{ $value | humanizePercentage }} of the open files that one of its processes may have.',
    description: 'Each connection takes one. Raise the limit where the target is started (ulimit -n, LimitNOFILE=).',
  },
  {
    alert: 'ConnrigClientDescriptorsNearlyOut',
    expr: promql`${metric('generatorOpenFds')} / on (job, instance) ${metric('processMaxFds')} > ${NEARLY_OUT}`,
    severity: 'warning',
    summary: 'The fullest descriptor table of the client has {{ $value | humanizePercentage }} of what it may hold.',
    description: 'Raise ulimit -n, or give the run more --workers: each can have a table of its own.',
  },
  {
    alert: 'ConnrigServerDescriptorsNearlyOut',
    expr: promql`${metric('processOpenFds')} / ${metric('processMaxFds')} > ${NEARLY_OUT} and on (job, instance) ${metric('info', { role: 'serve' })}`,
    severity: 'warning',
    summary: 'connrig serve uses {{ $value | humanizePercentage }} of the open files that its processes may have.',
    description: 'Raise ulimit -n, or start it with more --processes.',
  },
  {
    alert: 'ConnrigListenOverflows',
    expr: promql`increase(${metric('hostListenOverflows')}[1m]) > 0`,
    severity: 'warning',
    summary: 'Connections found an accept queue full: {{ $value | printf "%.0f" }} in the last minute.',
    description:
      'The server accepts too slowly for this pace, or its queue is short: a larger backlog in its listen call, net.core.somaxconn, or a lower --rate.',
  },
  {
    alert: 'ConnrigTcpBuffersUnderPressure',
    expr: promql`${metric('hostTcpBuffers')} > on (job, instance) ${metric('hostTcpMemoryLimit', { threshold: 'pressure' })}`,
    severity: 'warning',
    summary: 'TCP buffers take {{ $value | humanize1024 }}B, more than the kernel gives away freely.',
    description: 'Raise net.ipv4.tcp_mem (in pages), or look why data stays in the queues.',
  },
  {
    alert: 'ConnrigMemoryForecastAboveLimit',
    expr: promql`${recorded('memoryAtPlan')} > on (run) group_left () ${recorded('memoryLimit')}`,
    severity: 'critical',
    summary: 'At its top level {{ $labels.leg }} would take {{ $value | humanize1024 }}B, more than there is.',
    description:
      'The straight line through the levels so far passes the memory limit of the run before the plan ends. Fewer --connections, or more memory.',
  },
  {
    alert: 'ConnrigConnectionsLost',
    expr: promql`sum by (job, instance, protocol, leg) (increase(${lost}[1m])) > 0`,
    severity: 'warning',
    summary: '{{ $value | printf "%.0f" }} open {{ $labels.leg }} connections were lost in the last minute.',
    description: 'See their reasons on the dashboard, and events.jsonl of the run folder for what the system said.',
  },
  {
    alert: 'ConnrigVanishedPeersHeld',
    expr: promql`${metric('vanishStillHeld')} > 0`,
    severity: 'warning',
    summary:
      'The target still had {{ $value | printf "%.0f" }} {{ $labels.leg }} connections whose clients were gone when the wait was over.',
    description:
      'Pings with a time limit in the server, or keep-alive probes (SO_KEEPALIVE, TCP_USER_TIMEOUT), end them; --vanish-for waits longer.',
  },
  {
    alert: 'ConnrigGeneratorSaturated',
    expr: promql`${metric('generatorSaturated')} == 1`,
    severity: 'critical',
    summary: 'The client is what limits this run, so its rates and latencies are its own.',
    description: 'A lower --rate, more --workers, or the client on another machine. The report says why.',
  },
];

export const ALERTS: RuleGroup<AlertRule> = { name: 'connrig alerts', intervalSeconds: EVERY_SECONDS, rules };
