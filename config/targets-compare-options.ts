import type { RuntimesResult } from '../core/schemas/runtimes.ts';
import { findTarget, type TargetSource, targetNames } from '../lab/catalogue.ts';
import { readEarlierComparison } from './earlier-comparison.ts';
import { type OptionTable, onOff, type Read } from './option.ts';
import { type CommandLine, readCommandLine } from './read-options.ts';

/** Every option of `connrig targets compare`. */
export const TARGETS_COMPARE_OPTIONS = {
  quick: {
    name: 'quick',
    group: 'plan',
    help: 'a first look: up to 2,000 connections and one launch, in place of 100,000 and three',
    default: 'false',
    read: onOff,
  },
  only: {
    name: 'only',
    group: 'targets',
    argument: '<list>',
    help: 'these alone: names, or folders with a target.yaml (default: all that come with the rig)',
    read: readTargets,
  },
  earlier: {
    name: 'with',
    group: 'verdict',
    argument: '<folder>',
    help: 'tell how far this comparison agrees with an earlier one',
    read: readEarlierComparison,
  },
} as const satisfies OptionTable;

export interface TargetsCompareConfig {
  readonly isQuick: boolean;
  readonly sources: readonly TargetSource[];
  readonly earlier: RuntimesResult | undefined;
  readonly folder: string;
}

/** @throws RigError EUSAGE with every problem there is */
export function readTargetsCompareConfig(line: CommandLine): TargetsCompareConfig {
  const { quick: isQuick, only, earlier } = readCommandLine('targets compare', TARGETS_COMPARE_OPTIONS, line);
  const [folder = isQuick ? 'runs/runtimes-quick' : 'runs/runtimes'] = line.words;
  return { isQuick, sources: only ?? findAll(), earlier, folder };
}

function findAll(): TargetSource[] {
  return targetNames().map((name) => {
    const source = findTarget(name);
    // One of ours that won't do is a defect.
    if (typeof source === 'string') throw new Error(source);
    return source;
  });
}

function readTargets(given: string): Read<readonly TargetSource[]> {
  const found = given.split(',').map((one) => findTarget(one.trim()));
  const problems = found.filter((source) => typeof source === 'string');
  const sources = found.filter((source) => typeof source !== 'string');
  if (problems.length > 0) return { problem: problems.join('; ') };
  return new Set(sources.map(({ manifest }) => manifest.name)).size < sources.length
    ? { problem: 'two targets have the same name, which their results are kept by' }
    : { value: sources };
}
