/** Targets in C whose memory grows in ways of its own: what is measured must say which. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needs } from '../support/needs.ts';
import { measured } from './targets.ts';

const IN_C = { timeout: 900_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const KIB = 1024;

describe('a server that', () => {
  it('leaks 1,024 bytes for each closed connection is found out, its twin is not', IN_C, async (t) => {
    // It holds nothing else: what was held and is free again might take in what leaks, or be cut up by it.
    const plan = ['--levels', '2k,3500,5k', '--cycles', '4'];
    const leaky = await measured(t, 'C', '--command', [0, 'leak=1024'], plan);
    const { bytesPerClosedConnection, low, high } = leaky.retained!;
    assert.ok(Math.abs(bytesPerClosedConnection / 1024 - 1) <= 0.1, `retained ${bytesPerClosedConnection}`);
    assert.ok(low! > 0 && high! > low!);
    const tight = await measured(t, 'C', '--command', [0], plan);
    assert.ok(tight.retained!.low! <= 0 && tight.retained!.high! >= 0, JSON.stringify(tight.retained));
  });

  it('grows a table of 64 MiB at its 3,000th connection has a step there, and its slope unspoiled', IN_C, async (t) => {
    const plan = ['--levels', '500,1k,1500,2k,2500,3k,3500,4k,4500,5k,5500,6k'];
    const { fit, perConnection } = await measured(t, 'C', '--command', [4096, `table=${64 * KIB * KIB}@3000`], plan);
    assert.ok(fit?.step && Math.abs(fit.step.at - 3000) <= 500, JSON.stringify(fit));
    assert.ok(Math.abs(fit.step.bytes / 2 ** 26 - 1) <= 0.02, `a step of ${fit.step.bytes}`);
    assert.ok(Math.abs(perConnection!.user!.bytes - 4096 - 16) <= 128, `a slope of ${perConnection!.user!.bytes}`);
  });

  it('takes twice as much from the 4,000th on has a knee there', IN_C, async (t) => {
    const plan = ['--levels', '1k,1500,2k,2500,3k,3500,4k,4500,5k,5500,6k,6500,7k'];
    const { fit, perConnection } = await measured(t, 'C', '--command', [8192, 'knee=4000'], plan);
    assert.ok(fit?.knee && Math.abs(fit.knee.at - 4000) <= 500, JSON.stringify(fit));
    const doubled = perConnection!.user!.bytes;
    assert.ok(Math.abs(doubled - 16_384) <= 0.02 * 16_384, `above it one more costs ${doubled}`);
  });
});
