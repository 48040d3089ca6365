/** Targets whose cost is known: what is measured must be it, whatever language, and however they are found. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type How, type Language, measured } from './targets.ts';

const TIMEOUT = { timeout: 900_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const KIB = 1024;
const TEN_THOUSAND = ['--levels', '1500,3k,4500,6k,8k,10k'];
const TWO_THOUSAND = ['--levels', '400,700,1k,1300,1600,2k'];
/** Of the target, to be measured one after the other before a miss is one. */
const MOST_PROCESSES = 5;

/** @param missing what the language needs and isn't here; false: nothing */
export function holdsWhatItHolds(language: Language, missing: string | false): void {
  /** What one more costs where nothing is held: the same target, however it was found. */
  const nothing: number[] = [];
  for (const how of ['--command', '--pid'] as const satisfies readonly How[]) {
    describe(`a server in ${language}, by ${how}`, { skip: TIMEOUT.skip || missing }, () => {
      for (const [levels, each] of [
        [TEN_THOUSAND, [KIB, 4 * KIB, 16 * KIB]],
        [TWO_THOUSAND, [64 * KIB, 256 * KIB]],
      ] as const) {
        for (const bytes of each) {
          it(`that holds ${bytes / KIB} KiB more for each connection`, TIMEOUT, (t) =>
            assertHolds(t, bytes, nothing, {
              nothing: () => userCostOf(t, language, how, 0, TEN_THOUSAND),
              held: () => userCostOf(t, language, how, bytes, levels),
            }),
          );
        }
      }
    });
  }
}

/**
 * What one more costs where `bytes` are held, over what it costs where none are: each over as many processes as it takes
 * to be near enough, all of them counted. No two processes of a target are alike: those of Node.js differ by some 35 bytes
 * for each of 10,000 connections (standard deviation), which is memory that V8's threads keep or don't.
 *
 * @param nothing costs where none are held, so far; more are added
 */
async function assertHolds(
  t: TestContext,
  bytes: number,
  nothing: number[],
  measure: Readonly<Record<'nothing' | 'held', () => Promise<number>>>,
): Promise<void> {
  const allowed = Math.max(0.02 * bytes, 128);
  const costs: number[] = [];
  const extra = (): number => meanOf(costs) - meanOf(nothing);
  do {
    if (nothing.length === costs.length) nothing.push(await measure.nothing());
    costs.push(await measure.held());
  } while (Math.abs(extra() - bytes) > allowed && costs.length < MOST_PROCESSES);
  const figures = `${bytes} bytes were measured as ${extra().toFixed(0)}: ${costs.map(Math.round)} less ${nothing.map(Math.round)}`;
  t.diagnostic(figures);
  assert.ok(Math.abs(extra() - bytes) <= allowed, figures);
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function userCostOf(t: TestContext, language: Language, how: How, bytes: number, levels: readonly string[]) {
  const { perConnection } = await measured(t, language, how, [bytes], levels);
  assert.ok(perConnection?.user, 'there is a cost');
  return perConnection.user.bytes;
}
