import { readThreshold } from '../../core/values/thresholds.ts';
import { list, type OptionTable, onOff, orProblem, quantity, text } from '../option.ts';
import { SIZING_OPTIONS } from '../sizing-options.ts';

/** What the result is held against. */
export const VERDICT_OPTIONS = {
  memoryLimitBytes: {
    name: 'memory-limit',
    group: 'verdict',
    argument: '<size>',
    help: 'memory that the target may take, such as 2GiB: capacity is planned for it. A run with slow readers ends where the target takes more (default: what this machine or its container has)',
    read: quantity('bytes', 1),
  },
  headroomPercent: {
    name: 'headroom',
    group: 'verdict',
    argument: '<percent>',
    help: 'share of that memory to keep free',
    default: '20%',
    read: quantity('percent', 0, 99),
  },
  rttLimitMs: {
    name: 'rtt-limit',
    group: 'verdict',
    argument: '<duration>',
    help: 'call it a limit when the p99 of round trips passes this; needs --behaviour echo or request',
    read: quantity('duration', 0.001),
  },
  failIf: {
    name: 'fail-if',
    group: 'verdict',
    argument: '<threshold>',
    help: "end with 5 if this holds for a number of summary.json, such as 'ws.perConnection.total.bytes > 12KiB', and with 7 if that isn't shown",
    repeats: true,
    read: list(orProblem(readThreshold)),
  },
  baseline: {
    name: 'baseline',
    group: 'verdict',
    argument: '<folder>',
    help: "end with 5 if one more connection is shown to cost more than in this earlier run, by more than --max-growth, and with 7 if that isn't shown either way",
    read: text,
  },
  maxGrowthPercent: {
    name: 'max-growth',
    group: 'verdict',
    argument: '<percent>',
    help: 'with --baseline: what the cost may grow by',
    default: '5%',
    read: quantity('percent', 0),
  },
  precisionPercent: {
    name: 'precision',
    group: 'verdict',
    argument: '<percent>',
    help: 'go on until the cost is known this closely, to either side. A target that the run starts is launched more often, and levels that are not needed for it are left out',
    read: quantity('percent', 0.1, 50),
  },
  maxLaunches: {
    name: 'max-launches',
    group: 'verdict',
    argument: '<count>',
    help: 'with --precision, --baseline or --fail-if: launches at most, until what was asked is shown either way',
    default: '10',
    read: quantity('count', 1, 1000),
  },
  allowInconclusive: {
    name: 'allow-inconclusive',
    group: 'verdict',
    help: 'end with 0 instead of 7 when the result is inconclusive',
    default: 'false',
    read: onOff,
  },
  sizeBy: { ...SIZING_OPTIONS.sizeBy, default: 'dearer' },
  sizing: SIZING_OPTIONS.sizing,
} as const satisfies OptionTable;
