import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { Summary } from '../../core/schemas/summary.ts';
import { climb, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { junitReport } from './junit.ts';

const STARTED = new Date('2026-11-27T10:00:00.500Z');
const failIf = (...expressions: string[]) => ({ failIf: expressions.map((expression) => ({ expression })) });
const summaryOf = (config: object, more: object = {}): Summary =>
  summarize({
    run: runFile({ config: { connections: 3000, ...config }, ...more }),
    samples: climb(5000),
    events: [],
    problems: [],
  });

/** What a parser that isn't ours finds: of each element its name, its attributes and its text. */
function elementsIn(xml: string): Array<[name: string, attributes: Record<string, string>, text: string]> {
  const script =
    'import json,sys,xml.etree.ElementTree as e\nprint(json.dumps([[x.tag,x.attrib,x.text or ""] for x in e.fromstring(sys.stdin.read()).iter()]))';
  return JSON.parse(execFileSync('python3', ['-c', script], { input: xml, encoding: 'utf8' }));
}

test('a run with thresholds: a case for the run and one for each, failures with what came instead', () => {
  const summary = summaryOf(failIf('ws.perConnection.user.bytes > 4KiB', 'ws.peakOpen < 1k'));
  const elements = elementsIn(junitReport(summary, STARTED, 61_500));
  const [, suite] = elements;
  assert.deepEqual(suite!.slice(0, 2), [
    'testsuite',
    {
      name: 'synthetic',
      tests: '3',
      failures: '1',
      errors: '0',
      skipped: '0',
      time: '61.500',
      timestamp: '2026-11-27T10:00:00',
    },
  ]);
  const cases = elements.filter(([name]) => name === 'testcase').map(([, { name }]) => name);
  assert.deepEqual(cases, [
    'the run measured what it was asked to',
    'not ws.perConnection.user.bytes > 4KiB',
    'not ws.peakOpen < 1k',
  ]);
  const failures = elements.filter(([name]) => name === 'failure');
  assert.deepEqual(failures, [
    [
      'failure',
      { type: 'ETHRESHOLD', message: 'ws.perConnection.user.bytes > 4KiB: it is 5000' },
      'ws.perConnection.user.bytes > 4KiB: it is 5000',
    ],
  ]);
  assert.match(elements.find(([name]) => name === 'system-out')![2], /one more WebSocket costs/i);
});

test('a run that went wrong is an error, and a hostile name stays a name', () => {
  const summary = summaryOf({}, { status: 'interrupted', exitCode: 130, name: '"><failure>&\u0000' });
  const elements = elementsIn(junitReport(summary, STARTED, 1));
  assert.equal(elements[1]![1]['name'], '"><failure>&\ufffd');
  assert.deepEqual(
    elements.flatMap(([name, { type }]) => (name === 'failure' || name === 'error' ? [[name, type]] : [])),
    [['error', 'EOUT']],
  );
});
