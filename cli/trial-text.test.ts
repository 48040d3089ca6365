import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrialLine } from '../client/trial/trial-line.ts';
import { trialText } from './trial-text.ts';

const OUTCOME = { type: 'outcome', elapsedMs: 9, closeReason: null, hasHidden: false, error: null } as const;

for (const [line, wanted] of [
  [{ type: 'target', url: 'ws://h:1/a?b=***', row: 1700 }, 'ws://h:1/a?b=***, row 1,700 of --data'],
  [{ type: 'stage', elapsedMs: 0, stage: 'connecting', to: '[::1]:80' }, '     0.0 ms    connecting to [::1]:80'],
  [{ type: 'stage', elapsedMs: 12_345.67, stage: 'open' }, '12,345.7 ms    open'],
  [
    { type: 'stage', elapsedMs: 1, stage: 'step', step: 2, of: 3, text: 'expect a\nb' },
    '     1.0 ms    step 2 of 3: expect a\\nb',
  ],
  [
    { type: 'stage', elapsedMs: 1, stage: 'failed', outcome: 'rejected', detail: 'said "a\\"b"\u001b[2J' },
    '     1.0 ms    rejected: said "a\\"b"\\x1b[2J',
  ],
  [{ type: 'stage', elapsedMs: 1, stage: 'gone', cause: 'refused' }, ''],
  [
    { type: 'said', elapsedMs: 1, by: 'us', what: 'head', lines: ['GET / HTTP/1.1', 'Host: h'] },
    '     1.0 ms  → GET / HTTP/1.1\n               Host: h',
  ],
  [
    { type: 'said', elapsedMs: 1, by: 'server', what: 'text', text: '{"a":"\\"}\r\n\u202e', bytes: 12, isCut: false },
    '     1.0 ms  ← text "{"a":"\\\\"}\\r\\n\\u202e"',
  ],
  [
    { type: 'said', elapsedMs: 1, by: 'server', what: 'bytes', hex: '41 ff', signs: 'A.', bytes: 4321, isCut: true },
    '     1.0 ms  ← 41 ff |A.| … (4,321 bytes)',
  ],
  [
    { type: 'said', elapsedMs: 1, by: 'server', what: 'close', code: 4401, text: 'no', bytes: 2, isCut: false },
    '     1.0 ms  ← close 4401 "no"',
  ],
  [
    { type: 'said', elapsedMs: 1, by: 'us', what: 'close', code: null, text: '', bytes: 0, isCut: false },
    '     1.0 ms  → close without a code',
  ],
  [{ type: 'said', elapsedMs: 1, by: 'us', what: 'pong', text: '', bytes: 0, isCut: false }, '     1.0 ms  → pong'],
  [{ ...OUTCOME, outcome: 'open', openedAfterMs: 2.2 }, 'open after 2.20 ms'],
  [{ ...OUTCOME, outcome: 'rejected', openedAfterMs: null }, 'not open: rejected'],
] as const satisfies ReadonlyArray<readonly [TrialLine, string]>) {
  test(`a trial prints ${JSON.stringify(wanted)}`, () => assert.equal(trialText(line), wanted));
}
