import { metric, promql, recorded } from '../promql.ts';
import { EVERY_SECONDS } from './recording.ts';
import type { AlertRule, RuleGroup } from './rule.ts';

/** Above this share of what there is, the next thousand connections may fail. */
const NEARLY_OUT = 0.9;

/** A share of what waits that comes to it in a second: queues that fill at an even pace do so for a quarter of an hour. */
const STILL_GROWING = 0.001;
/** So many seconds of turnover that are due at once are no hiccup. */
const BEHIND_SECONDS = 5;

const slowQueued = metric('slowQueued');
const lost = metric('connectionsClosed', { reason: { not: ['by-us', 'by-defence'] } });

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
    alert: 'ConnrigDeliveriesMissing',
    expr: promql`min_over_time(${metric('deliveriesAwaited')}[30s]) > 0`,
    severity: 'warning',
    summary: 'Published messages have not come to {{ $value | printf "%.0f" }} connections for half a minute.',
    description:
      'What has not come by its deadline counts as missing. Look whether the target drops what slow readers have not taken.',
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
    alert: 'ConnrigStormAway',
    expr: promql`${metric('stormAway')} > 0`,
    for: '2m',
    severity: 'warning',
    summary:
      '{{ $value | printf "%.0f" }} {{ $labels.leg }} connections that were cut are not open again after two minutes.',
    description:
      'Look how long one takes to be admitted, and whether attempts fail: the target may take fewer at once than come back, or --window may be too narrow.',
  },
  {
    alert: 'ConnrigStormNotBack',
    expr: promql`${metric('stormNotBack')} > 0`,
    severity: 'warning',
    summary:
      '{{ $value | printf "%.0f" }} {{ $labels.leg }} connections that were cut had not come back when the wait was over.',
    description:
      'Their attempts failed, or were not answered: see outcomes on the dashboard, and events.jsonl of the run folder.',
  },
  {
    alert: 'ConnrigSlowQueuesGrow',
    expr: promql`sum by (job, instance, protocol, leg) (deriv(${slowQueued}[1m])) > ${STILL_GROWING} * sum by (job, instance, protocol, leg) (${slowQueued})`,
    for: '1m',
    severity: 'warning',
    summary: 'What waits for slow {{ $labels.leg }} readers still grows, by {{ $value | humanize1024 }}B a second.',
    description:
      'Nothing at the target bounds it but the kernel. Let the server end who does not read, drop messages for them, or set SO_SNDBUF.',
  },
  {
    alert: 'ConnrigMemoryLeak',
    expr: promql`(${metric('memoryLeak')} == 1) * on (job, instance, protocol, leg) ${metric('driftPerHour', { bound: 'estimate' })}`,
    for: '1m',
    severity: 'critical',
    summary:
      "The target's memory grows by {{ $value | humanize1024 }}B an hour, with as many {{ $labels.leg }} connections open.",
    description:
      'The interval of the growth in an hour, or of that for each replaced connection, lies above zero. It does not level off, and garbage was collected before each reading. The report says what each replaced connection leaves.',
  },
  {
    alert: 'ConnrigReplacementsBehind',
    expr: promql`${metric('replacementsAwaited')} > ${BEHIND_SECONDS} * rate(${metric('replacements')}[1m])`,
    for: '30s',
    severity: 'warning',
    summary:
      '{{ $value | printf "%.0f" }} {{ $labels.leg }} connections are due to be replaced: the turnover is not what was asked for.',
    description: 'The target opens connections too slowly for that pace, or --window is too narrow.',
  },
  {
    alert: 'ConnrigSharesNotHeld',
    expr: promql`sum by (job, instance, lease) (${metric('fleetShares', { lease: { not: 'held' } })}) > 0`,
    severity: 'warning',
    summary:
      'Shares of the fleet are {{ $labels.lease }}: {{ $value | printf "%.0f" }}. Their connections do not count as open.',
    description:
      'A free worker takes up what another one has lost, and the level waits. Look whether one is free, and what the lost one printed: connrig doctor --fleet.',
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
