import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlowSample } from '../../core/schemas/record.ts';
import { climb, leg, progressOf, runFile } from '../../test/support/synthetic-run.ts';
import { plain } from '../words/phrase.ts';
import { slowSentences } from '../words/slow-phrases.ts';
import { summarize } from './summarize.ts';

const MIB = 2 ** 20;
const queue = (bytes: number) => ({ sockets: 100, bytes, truesizeBytes: bytes });
const end = (received: number, written: number) => ({
  received: queue(received),
  written: queue(written),
  reservedBytes: null,
});

/** 100 of 3,000: for each of them 4 MiB wait in the kernel, and so many bytes are kept, and left unread. */
function told(keptBytes: number, unreadBytes: number, more: Partial<SlowSample> = {}) {
  const slow: SlowSample = {
    type: 'slow',
    elapsedMs: 50_000,
    launch: 0,
    leg: 0,
    protocol: 'ws',
    progress: progressOf(0, 3000),
    level: 3000,
    slow: 100,
    durationMs: 10_000,
    moments: [],
    userBytes: 20 * MIB + 100 * keptBytes,
    userBytesAtRest: 20 * MIB,
    queues: { target: end(50 * unreadBytes, 400 * MIB), client: end(0, 50 * unreadBytes), held: 100 },
    talk: null,
    heldBack: 0,
    readOn: null,
    closed: 0,
    stoppedBy: null,
    ...more,
  };
  const behaviour = {
    kind: 'slow',
    sharePercent: 3,
    bytesPerSecond: null,
    beside: { kind: 'echo', perSecond: 1000, bytes: 16_384 },
  } as const;
  const run = runFile({ plan: { legs: [leg({ behaviour })], launches: 1 } });
  const summary = summarize({ run, samples: [...climb(5000), slow], events: [], problems: [] });
  return { defence: summary.legs[0]!.slow!.defence, sentence: slowSentences(summary).map(plain).join() };
}

test('a target that leaves unread what slow ones send holds them back, also while the kernel still takes it', () => {
  const { defence, sentence } = told(150_000, 3 * MIB);
  assert.equal(defence, 'holds-back');
  assert.match(sentence, /; the target read no more of them\.$/);
  const held = told(150_000, 3 * MIB, { heldBack: 4720 });
  assert.match(held.sentence, /; the target read no more of them: 4,720 messages were held back\.$/);
});

test('one that keeps more than it leaves unread does not, nor does one with a message on its way', () => {
  assert.equal(told(8 * MIB, 3 * MIB).defence, 'buffers');
  assert.equal(told(65_536, 32_768).defence, 'buffers');
  assert.equal(told(0, 32_768).defence, 'none-needed');
});

test('what little an answer takes that lies in the kernel is no buffer', () => {
  assert.equal(told(2600, 0).defence, 'none-needed');
});

test('one that ends them only once they read on is told so', () => {
  assert.match(told(65_536, 0, { closed: 100 }).sentence, /; the target ended 100 of these 100, once they read on\.$/);
});
