import type { Growth, Summary } from '../../core/schemas/summary.ts';
import { growthFailure } from '../fold/growth.ts';
import { escaped } from '../html/markup.ts';
import { plain } from '../words/phrase.ts';
import { verdictOf } from '../words/verdict.ts';

/** One thing that a run had to show. */
interface TestCase {
  readonly name: string;
  /** Why it didn't: what came instead, in a sentence. An error is of the run, a failure of what was measured. */
  readonly wrong?: { readonly kind: 'failure' | 'error'; readonly type: string; readonly message: string };
}

/**
 * A run as JUnit XML, which CI servers show. There is a test case for whether it could be measured at all, one for each threshold, and
 * one for each leg that was held against an earlier run. As the schema of Jenkins' xUnit plugin has it (junit-10.xsd).
 *
 * @param elapsedMs how long the run took
 */
export function junitReport(summary: Summary, startedAt: Date, elapsedMs: number): string {
  const cases = [measuredCase(summary), ...summary.thresholds.map(thresholdCase), ...growthCases(summary)];
  const count = (kind: 'failure' | 'error'): number => cases.filter(({ wrong }) => wrong?.kind === kind).length;
  const totals = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="0"`;
  const seconds = (elapsedMs / 1000).toFixed(3);
  const name = escaped(summary.name);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals} time="${seconds}">`,
    `  <testsuite name="${name}" ${totals} time="${seconds}" timestamp="${startedAt.toISOString().slice(0, -5)}">`,
    ...cases.map((one) => caseElement(one, name)),
    `    <system-out>${verdictOf(summary)
      .map((sentence) => escaped(plain(sentence)))
      .join('\n')}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** What the thresholds and the growth came to is told by cases of their own. */
function measuredCase({ status, error }: Summary): TestCase {
  const name = 'the run measured what it was asked to';
  if (error === null || ['ETHRESHOLD', 'EGROWTH'].includes(error.code)) return { name };
  return { name, wrong: { kind: 'error', type: error.code, message: `${status}: ${error.message}. ${error.hint}` } };
}

function thresholdCase({ expression, value, passed }: Summary['thresholds'][number]): TestCase {
  const name = `not ${expression}`;
  if (passed) return { name };
  const message = value === null ? `${expression}: the value is not known` : `${expression}: it is ${value}`;
  return { name, wrong: { kind: 'failure', type: 'ETHRESHOLD', message } };
}

function growthCases({ baseline }: Summary): TestCase[] {
  return (baseline?.legs ?? []).map((leg: Growth) => {
    const name = `${leg.leg} grew by no more than ${baseline!.maxGrowthPercent} % since ${baseline!.name}`;
    if (leg.passed) return { name };
    return { name, wrong: { kind: 'failure', type: 'EGROWTH', message: plain(growthFailure(leg, baseline!)) } };
  });
}

function caseElement({ name, wrong }: TestCase, suite: string): string {
  const open = `    <testcase classname="${suite}" name="${escaped(name)}" time="0"`;
  if (!wrong) return `${open}/>`;
  const message = escaped(wrong.message);
  return `${open}>\n      <${wrong.kind} type="${wrong.type}" message="${message}">${message}</${wrong.kind}>\n    </testcase>`;
}
