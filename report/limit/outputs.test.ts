import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FindLimit, type SearchStep } from '../../core/schemas/find-limit.ts';
import { limitMarkdown, limitPage, terminalLimit } from './outputs.ts';

const step = (at: number, by: string | null, times = 3): SearchStep => ({
  at,
  verdict: by === null ? 'held' : 'broke',
  repeats: Array.from({ length: times }, (_, i) => ({
    folder: `step-${at}-${i + 1}`,
    state: by === null ? 'held' : 'broke',
    isFinal: false,
    values: [{ objective: 'rtt.p99 < 50ms', value: by === null ? i + 1 : 812, holds: by === null }],
    by,
    error: null,
  })),
});
const BY = 'rtt.p99 was 812 ms, not < 50ms';

const search = (more: Partial<FindLimit> = {}): FindLimit =>
  FindLimit.parse({
    schema: 1,
    connrigVersion: '0.1.0',
    startedAt: '2026-11-23T14:00:00.000Z',
    finishedAt: '2026-11-23T14:01:00.000Z',
    status: 'found',
    exitCode: 0,
    question: {
      of: 'connections',
      objectives: ['rtt.p99 < 50ms'],
      memoryLimitBytes: 2 ** 31,
      repeats: 3,
      holdMs: 3000,
      command: "connrig find-limit --slo 'rtt.p99 < 50ms'",
    },
    target: { name: 'node <server>.js', urls: [] },
    within: 5,
    maxSteps: 16,
    from: { at: 1000, why: '--from' },
    most: { at: 28_232, why: "the client's local ports", isAsked: false },
    steps: [step(4000, null), step(4190, BY, 2)],
    bracket: { held: { at: 4000, times: 3, of: 3 }, broke: { at: 4190, by: BY, isClient: false } },
    error: null,
    ...more,
  });

describe('the answer', () => {
  const held = { at: 4000, times: 3, of: 4 };
  const answers: ReadonlyArray<readonly [more: Partial<FindLimit>, answer: string]> = [
    [{}, `4,000 connections hold (3 of 3); 4,190 break: ${BY}.`],
    [
      { status: 'client', bracket: { held, broke: { at: 4190, by: 'the client was late', isClient: true } } },
      'At least 4,000 connections hold (3 of 4). The client is what ended it, not the target: at 4,190, the client was late.',
    ],
    [
      { status: 'unbroken', bracket: { held, broke: null } },
      "At least 4,000 connections hold (3 of 4). What ended it is not the target, but the client's local ports.",
    ],
    [
      {
        status: 'unbroken',
        bracket: { held, broke: null },
        most: { at: 4000, why: 'the most that was asked for', isAsked: true },
      },
      'At least 4,000 connections hold (3 of 4): the most that was asked for.',
    ],
    [
      { status: 'none', bracket: { held: null, broke: { at: 1, by: BY, isClient: false } } },
      `Not even 1 connection holds: ${BY}.`,
    ],
    [
      { status: 'wide', maxSteps: 2 },
      `4,000 connections hold (3 of 3).\n4,190 break: ${BY}.\n2 steps were not enough to tell it more closely: --max-steps with more goes on.`,
    ],
    [
      { status: 'gone', error: { code: 'EREFUSED', message: 'the connection was refused', hint: 'ss -ltn' } },
      `4,000 connections hold (3 of 3).\n4,190 break: ${BY}.\nThe target was gone after that, so nothing more could be asked of it: the connection was refused.`,
    ],
    [
      { status: 'interrupted', bracket: { held: null, broke: null } },
      'It was interrupted: the same command goes on with it.',
    ],
  ];
  for (const [more, answer] of answers) {
    test(more.status ?? 'found', () => {
      assert.equal(terminalLimit(search(more)).split('\n\n')[0], answer);
    });
  }
});

test('the table has every step, with the worst of the repeats that counted', () => {
  const lines = terminalLimit(search()).split('\n');
  assert.deepEqual(lines.slice(2, 5), [
    'step  connections  rtt.p99  what came of it',
    '1     4,000        3.00 ms  held 3 of 3',
    `2     4,190        812 ms   broke: ${BY}`,
  ]);
});

test('Markdown and the page have the answer, the steps with their runs, and what was asked', () => {
  const made = limitMarkdown(search());
  assert.match(made, /^# How many connections node \\<server\\>\.js holds\n\n\*\*4,000 connections hold \(3 of 3\)/);
  assert.match(made, /\| 1 \| 4,000 \| 3\.00 ms \| held 3 of 3 \| step-4000-1, step-4000-2, step-4000-3 \|/);
  assert.match(made, /\| memory limit \| 2\.0 GiB \|/);
  assert.match(made, /```sh\nconnrig find-limit --slo 'rtt\.p99 < 50ms'\n```/);
  const page = limitPage(search());
  assert.ok(page.includes('<h1>How many connections node &#60;server&#62;.js holds</h1>'));
  assert.ok(page.includes('<data value="4000">4,000</data>'));
  assert.doesNotMatch(page, /<script/);
});
