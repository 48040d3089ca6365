/** Targets whose cost is known: what is measured must be it, whatever language, and however they are found. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { needs } from '../support/needs.ts';
import { commandOf, type Language, measured } from './targets.ts';

const TIMEOUT = {
  timeout: 400_000,
  skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc', 'python3'),
};
const KIB = 1024;
const TEN_THOUSAND = ['--levels', '1500,3k,4500,6k,8k,10k'];
const TWO_THOUSAND = ['--levels', '400,700,1k,1300,1600,2k'];

async function costOf(
  t: TestContext,
  language: Language,
  how: '--command' | '--pid',
  bytes: number,
  levels: readonly string[],
): Promise<number> {
  const leg = await measured(t, how, (port) => commandOf(t, language, port, bytes), levels);
  const cost = leg.perConnection?.user?.bytes;
  assert.ok(cost !== undefined, 'there is a cost');
  return cost;
}

/** Python takes memory for its objects in arenas of a MiB, which alone moves the cost by some 100 bytes. */
const AT_TEN_THOUSAND: Readonly<Record<Language, readonly number[]>> = {
  C: [KIB, 4 * KIB, 16 * KIB],
  Python: [16 * KIB],
};

for (const [language, how] of [
  ['C', '--command'],
  ['C', '--pid'],
  ['Python', '--command'],
  ['Python', '--pid'],
] as const) {
  describe(`a server in ${language}, by ${how}`, () => {
    for (const [levels, each] of [
      [TEN_THOUSAND, AT_TEN_THOUSAND[language]],
      [TWO_THOUSAND, [64 * KIB, 256 * KIB]],
    ] as const) {
      it(
        `that holds ${each.map((bytes) => bytes / KIB).join(', ')} KiB more for each connection`,
        TIMEOUT,
        async (t) => {
          const nothing = await costOf(t, language, how, 0, levels);
          for (const bytes of each) {
            const extra = (await costOf(t, language, how, bytes, levels)) - nothing;
            const allowed = Math.max(0.02 * bytes, 128);
            assert.ok(Math.abs(extra - bytes) <= allowed, `${bytes} bytes were measured as ${extra.toFixed(0)}`);
          }
        },
      );
    }
  });
}

describe('a server that', () => {
  it('leaks 1,024 bytes for each closed connection is found out, its twin is not', TIMEOUT, async (t) => {
    // It holds nothing else: what was held and is free again might take in what leaks, or be cut up by it.
    const plan = ['--levels', '2k,3500,5k', '--cycles', '4'];
    const leaky = await measured(t, '--command', (port) => commandOf(t, 'C', port, 0, 'leak=1024'), plan);
    const { bytesPerClosedConnection, low, high } = leaky.retained!;
    assert.ok(Math.abs(bytesPerClosedConnection / 1024 - 1) <= 0.1, `retained ${bytesPerClosedConnection}`);
    assert.ok(low! > 0 && high! > low!);
    const tight = await measured(t, '--command', (port) => commandOf(t, 'C', port, 0), plan);
    assert.ok(tight.retained!.low! <= 0 && tight.retained!.high! >= 0, JSON.stringify(tight.retained));
  });

  it(
    'grows a table of 64 MiB at its 3,000th connection has a step there, and its slope unspoiled',
    TIMEOUT,
    async (t) => {
      const plan = ['--levels', '500,1k,1500,2k,2500,3k,3500,4k,4500,5k,5500,6k'];
      // The warm-up's 250 connections count among those that it has had.
      const { fit, perConnection } = await measured(
        t,
        '--command',
        (port) => commandOf(t, 'C', port, 4096, `table=${64 * KIB * KIB}@3250`),
        plan,
      );
      assert.ok(fit?.step && Math.abs(fit.step.at - 3000) <= 500, JSON.stringify(fit));
      assert.ok(Math.abs(fit.step.bytes / 2 ** 26 - 1) <= 0.02, `a step of ${fit.step.bytes}`);
      assert.ok(Math.abs(perConnection!.user!.bytes - 4096 - 16) <= 128, `a slope of ${perConnection!.user!.bytes}`);
    },
  );

  it('takes twice as much from the 4,000th on has a knee there', TIMEOUT, async (t) => {
    const plan = ['--levels', '1k,1500,2k,2500,3k,3500,4k,4500,5k,5500,6k,6500,7k'];
    const { fit, perConnection } = await measured(
      t,
      '--command',
      (port) => commandOf(t, 'C', port, 8192, 'knee=4000'),
      plan,
    );
    assert.ok(fit?.knee && Math.abs(fit.knee.at - 4000) <= 500, JSON.stringify(fit));
    const doubled = perConnection!.user!.bytes;
    assert.ok(Math.abs(doubled - 16_384) <= 0.02 * 16_384, `above it one more costs ${doubled}`);
  });
});
