import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { EXIT } from '../../core/values/errors.ts';
import { climb, LEVELS, leg, runFile } from '../../test/support/synthetic-run.ts';
import { receiving, type Talked, talking } from '../../test/support/talking-run.ts';
import { plain } from '../words/phrase.ts';
import { verdictOf } from '../words/verdict.ts';
import { openQuestion } from './evidence.ts';
import type { RunRecord } from './read-run.ts';
import { summarize } from './summarize.ts';

const TOP = LEVELS.at(-1)!;
const GREETED = { messages: 12_000, payloadBytes: 132_000 };
const NOTHING = { messages: 0, payloadBytes: 0 };

interface Case {
  readonly at: (level: number) => Talked;
  readonly protocol?: ProtocolName;
  /** What had come in over the whole leg. */
  readonly all?: typeof NOTHING;
  readonly config?: RunFile['config'];
}

function recordOf({ at, protocol = 'ws', all = NOTHING, config = {} }: Case): RunRecord {
  const behaviour =
    protocol === 'http'
      ? ({ kind: 'request', perSecond: 500 } as const)
      : ({ kind: 'echo', perSecond: 500, bytes: 64 } as const);
  const run = runFile({ plan: { legs: [leg({ protocol, behaviour })], launches: 1 }, config });
  const samples = receiving(talking(climb(5000, { protocol }), at), NOTHING, all);
  return { run, samples, events: [], problems: [] };
}
const endOf = ({ status, exitCode }: Summary): [string, number] => [status, exitCode];
const silent = { messages: 1000, replies: 0, received: NOTHING };
const NONE_OF_ALL = 'at 6 levels, from 500 to 3,000 connections, none of 6,000';
const UNECHOED = 'messages came back: the target does not send back what it is sent, so no round trip was measured';
const PASSED_ON = 'received from others: the target passes messages on to others, and no round trip was measured';

/** What the target does; how the run ends, in one sentence. */
const UNSHOWN: ReadonlyArray<readonly [what: string, told: Case, message: string]> = [
  ['says nothing', { at: () => silent }, `ws: ${NONE_OF_ALL} ${UNECHOED}; nothing at all came in`],
  [
    'greets, and then says nothing',
    { at: () => silent, all: GREETED },
    `ws: ${NONE_OF_ALL} ${UNECHOED}; nothing came in meanwhile, and 12,000 messages (129 KiB) before or after`,
  ],
  [
    'says something else',
    { at: () => ({ ...silent, received: { messages: 1000, payloadBytes: 3000 } }), all: GREETED },
    `ws: ${NONE_OF_ALL} ${UNECHOED}; beside that 6,000 messages (17.6 KiB) came in`,
  ],
  [
    'passes messages on, over tcp, and adds something',
    {
      protocol: 'tcp',
      at: () => ({ messages: 1000, replies: 0, fromOthers: 10, received: { messages: 0, payloadBytes: 650 } }),
    },
    `tcp: ${NONE_OF_ALL} messages came back to its sender, and 60 were ${PASSED_ON}; beside that 60 B came in`,
  ],
  [
    'answers no request',
    { protocol: 'http', at: () => silent },
    `http: ${NONE_OF_ALL} requests was answered, so no round trip was measured`,
  ],
  [
    'falls silent at the top',
    { at: (level) => (level === TOP ? silent : { messages: 1000, replies: 1000 }) },
    `ws: at 3,000 connections none of 1,000 ${UNECHOED}; nothing at all came in`,
  ],
  [
    'sends every third message back',
    { at: () => ({ messages: 900, replies: 300 }) },
    'ws: at 6 levels, from 500 to 3,000 connections, 3,600 of 5,400 got no answer in time, and are in no round trip',
  ],
];
for (const [what, told, message] of UNSHOWN) {
  test(`a target that ${what} leaves the run inconclusive, with its cost, and says so in one sentence`, () => {
    const record = recordOf(told);
    const summary = summarize(record);
    assert.deepEqual(endOf(summary), ['inconclusive', EXIT.inconclusive]);
    assert.deepEqual([summary.error!.code, summary.error!.message], ['EINCONCLUSIVE', message]);
    assert.match(summary.error!.hint, /^--behaviour idle, or /);
    assert.deepEqual(
      summary.warnings.filter((text) => text === message),
      [message],
    );
    assert.equal(Math.round(summary.legs[0]!.perConnection!.user!.bytes), 5000, 'what it costs is known');
    // No gate of its cost makes it pass, and no other launch would tell.
    const gate = { failIf: [{ expression: `${told.protocol ?? 'ws'}.perConnection.user.bytes > 12KiB` }] };
    assert.deepEqual(endOf(summarize(recordOf({ ...told, config: gate }))), ['inconclusive', EXIT.inconclusive]);
    const going: RunFile = { ...record.run, status: 'running', exitCode: null };
    assert.equal(openQuestion({ ...record, run: going }, 5), null);
    const allowed = summarize(recordOf({ ...told, config: { allowInconclusive: true } }));
    assert.deepEqual(endOf(allowed), ['inconclusive', EXIT.done]);
  });
}

test('a target that falls behind at some levels, or loses a few, is measured', () => {
  const half = { messages: 1000, replies: 400 };
  for (const at of [
    (level: number) => (level > 1000 ? half : { messages: 1000, replies: 1000 }),
    () => ({ messages: 1000, replies: 990 }),
  ]) {
    const summary = summarize(recordOf({ at }));
    assert.deepEqual(endOf(summary), ['measured', EXIT.done]);
    assert.equal(summary.warnings.filter((text) => /got no answer in time/.test(text)).length, 1);
  }
});

test('the verdict says what share got no answer, where it is most of them', () => {
  const said = (replies: number): string =>
    plain(verdictOf(summarize(recordOf({ at: () => ({ messages: 1000, replies }) })))[0]!);
  assert.match(said(400), /; 60 % of messages got no answer in time, so how long a message takes isn't known\.$/);
  assert.doesNotMatch(said(600), /no answer/);
});

test('a quantile that lies among messages without an answer passes no gate', () => {
  const gated = (expression: string, replies: number): [string, number] =>
    endOf(summarize(recordOf({ at: () => ({ messages: 1000, replies }), config: { failIf: [{ expression }] } })));
  assert.deepEqual(gated('ws.rtt.p99Ms > 50ms', 990), ['passed', EXIT.done]);
  assert.deepEqual(gated('ws.rtt.p99Ms > 50ms', 980), ['inconclusive', EXIT.inconclusive]);
  assert.deepEqual(gated('ws.rtt.p50Ms > 50ms', 980), ['passed', EXIT.done]);
  assert.deepEqual(gated('ws.rtt.p99Ms > 0.5ms', 980), ['failed', EXIT.threshold]);
  assert.deepEqual(gated('ws.rtt.lostPercent > 1%', 980), ['failed', EXIT.threshold]);
  assert.deepEqual(gated('ws.rtt.lostPercent > 3%', 980), ['passed', EXIT.done]);
  const config = { failIf: [{ expression: 'ws.rtt.p99Ms > 50ms' }] };
  const record = recordOf({ at: () => ({ messages: 1000, replies: 980 }), config });
  assert.match(
    summarize(record).error!.message,
    /^whether ws\.rtt\.p99Ms > 50ms is not shown: 2\.0 % got no answer in time, and are in no round trip$/,
  );
  // Another launch would tell as little.
  assert.equal(openQuestion({ ...record, run: { ...record.run, status: 'running', exitCode: null } }, undefined), null);
});
