/** Targets whose cost is known: what is measured must be it, whatever language, and however they are found. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { needs } from '../support/needs.ts';
import { type How, type Language, measured } from './targets.ts';

const TIMEOUT = { timeout: 900_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const IN_C = { ...TIMEOUT, skip: TIMEOUT.skip || needs('gcc') };
const KIB = 1024;
const TEN_THOUSAND = ['--levels', '1500,3k,4500,6k,8k,10k'];
const TWO_THOUSAND = ['--levels', '400,700,1k,1300,1600,2k'];
/** Of the target, to be measured one after the other before a miss is one. */
const MOST_PROCESSES = 5;

/**
 * What one more costs where `bytes` are held, over what it costs where none are: each over as many processes as it takes
 * to be near enough, all of them counted. No two processes of a target are alike: those of Node.js differ by some 35 bytes
 * for each of 10,000 connections (standard deviation), which is memory that V8's threads keep or don't.
 */
async function assertHolds(
  t: TestContext,
  bytes: number,
  costOf: (bytes: number) => Promise<number>,
  nothing: number[],
): Promise<void> {
  const allowed = Math.max(0.02 * bytes, 128);
  const costs: number[] = [];
  const extra = (): number => meanOf(costs) - meanOf(nothing);
  do {
    if (nothing.length === costs.length) nothing.push(await costOf(0));
    costs.push(await costOf(bytes));
  } while (Math.abs(extra() - bytes) > allowed && costs.length < MOST_PROCESSES);
  const figures = `${bytes} bytes were measured as ${extra().toFixed(0)}: ${costs.map(Math.round)} less ${nothing.map(Math.round)}`;
  t.diagnostic(figures);
  assert.ok(Math.abs(extra() - bytes) <= allowed, figures);
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

for (const [language, missing] of [
  ['C', needs('gcc')],
  ['Python', needs('python3')],
  ['Node.js', false],
] as const satisfies ReadonlyArray<readonly [Language, string | false]>) {
  for (const how of ['--command', '--pid'] as const satisfies readonly How[]) {
    describe(`a server in ${language}, by ${how}`, { skip: TIMEOUT.skip || missing }, () => {
      for (const [levels, each] of [
        [TEN_THOUSAND, [KIB, 4 * KIB, 16 * KIB]],
        [TWO_THOUSAND, [64 * KIB, 256 * KIB]],
      ] as const) {
        const sizes = each.map((bytes) => bytes / KIB).join(', ');
        it(`that holds ${sizes} KiB more for each connection`, TIMEOUT, async (t) => {
          const nothing: number[] = [];
          for (const bytes of each)
            await assertHolds(t, bytes, (held) => userCostOf(t, language, how, held, levels), nothing);
        });
      }
    });
  }
}

async function userCostOf(t: TestContext, language: Language, how: How, bytes: number, levels: readonly string[]) {
  const { perConnection } = await measured(t, language, how, [bytes], levels);
  assert.ok(perConnection?.user, 'there is a cost');
  return perConnection.user.bytes;
}

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
