import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryConnections } from '../../../test/support/tls-in-memory.ts';

const RUNS = 200;

test('a handshake comes to the same however its answers are cut', (t) => {
  for (const versions of [['1.2'], ['1.3']] as const) {
    const connections = memoryConnections(t, 2, { versions });
    const { transport, heard, failures, connect, exchange, leave } = connections;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (lengths) => {
        connections.underway = (answer) => cut(answer, lengths);
        const peer = connect(1);
        heard.length = 0;
        exchange(1, peer, transport.seal(1, Buffer.from('what is said')).slice());
        assert.equal(heard.map((text) => text.slice('1: '.length)).join(''), 'what is said');
        assert.deepEqual([failures, transport.counts.objects], [[], 0]);
        leave(peer);
      }),
      { numRuns: RUNS },
    );
    assert.ok(transport.counts.secured >= RUNS);
  }
});

test('answers that were changed on their way end in an outcome, and leave the next handshake as it is', (t) => {
  for (const versions of [['1.2'], ['1.3']] as const) {
    const connections = memoryConnections(t, 2, { versions });
    const { transport, failures, connect, leave } = connections;
    const change = fc.record({
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      to: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        failures.length = 0;
        connections.underway = (answer) => [changed(answer, changes)];
        const broken = connect(0);
        // It failed, waits for bytes that never come, or its records are refused later: no more than that.
        assert.ok(failures.length <= 1);
        connections.underway = (answer) => [answer];
        failures.length = 0;
        const { secured } = transport.counts;
        const sound = connect(1);
        assert.deepEqual([failures, transport.counts.secured], [[], secured + 1]);
        transport.release(0);
        transport.release(1);
        assert.equal(transport.counts.objects, 0);
        leave(broken);
        leave(sound);
      }),
      { numRuns: RUNS },
    );
  }
});

/** In pieces of these lengths, again and again. */
function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)!.length) {
    pieces.push(bytes.subarray(at, at + lengths[pieces.length % lengths.length]!));
  }
  return pieces;
}

/** @param changes where, as a share of the length, and what is added to that byte */
function changed(bytes: Uint8Array, changes: readonly { readonly at: number; readonly to: number }[]): Uint8Array {
  const copy = bytes.slice();
  for (const { at, to } of changes) copy[Math.floor(at * copy.length)]! ^= to;
  return copy;
}
