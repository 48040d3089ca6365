import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue } from '../../fleet/trial/dialogue.ts';
import { Transcript } from './transcript.ts';
import type { TrialLine } from './trial-line.ts';
import { Veil } from './veil.ts';

function transcriptOf(isFull: boolean): { readonly transcript: Transcript; readonly lines: TrialLine[] } {
  const lines: TrialLine[] = [];
  const transcript = new Transcript({
    dialogue: new Dialogue('tcp'),
    opening: undefined,
    veil: new Veil(['of-the-row'], false),
    isFull,
    onLine: (line) => lines.push(line),
  });
  return { transcript, lines };
}

for (const [isFull, wanted] of [
  [false, 1001],
  [true, 1200],
] as const) {
  test(`of 1,200 pieces ${isFull ? 'all are shown with --full' : 'the first 1,000 are shown, and that there are more'}`, () => {
    const { transcript, lines } = transcriptOf(isFull);
    for (let i = 0; i < 1200; i++) transcript.note({ kind: 'received', bytes: Buffer.from(`${i}`) }, i);
    assert.equal(lines.length, wanted);
    const last = lines.at(-1)!;
    assert.ok(isFull ? last.type === 'said' : last.type === 'stage' && last.stage === 'silent');
  });
}

test('stages have the time when they came, and no secrets in their words', () => {
  const { transcript, lines } = transcriptOf(false);
  transcript.note({ kind: 'connecting', at: '127.0.0.1:1' }, 0);
  transcript.note({ kind: 'failed', outcome: 'rejected', detail: 'who is of-the-row?' }, 2.5);
  transcript.note({ kind: 'gone', cause: 'closed' }, 3);
  assert.deepEqual(lines, [
    { type: 'stage', elapsedMs: 0, stage: 'connecting', to: '127.0.0.1:1' },
    { type: 'stage', elapsedMs: 2.5, stage: 'failed', outcome: 'rejected', detail: 'who is ***?' },
    { type: 'stage', elapsedMs: 3, stage: 'gone', cause: 'closed' },
  ]);
  assert.equal(transcript.elapsedMs, 3);
});
