/** Targets whose cost is known: what is measured must be it, whatever language, and however they are found. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { SchemeName } from '../../core/protocols/schemes.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { type How, type Language, measured } from './targets.ts';

const TIMEOUT = { timeout: 900_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const KIB = 1024;
/**
 * What each connection holds, and how many hold so much: one process is enough for all of them. Where little is held more
 * connections have to, so that what the process does besides doesn't show: Python takes memory by the MiB. The first ones
 * hold nothing: the warm-up is among them.
 */
const STAIRS = [
  { bytes: 0, count: 3000 },
  { bytes: 256 * KIB, count: 150 },
  { bytes: 64 * KIB, count: 350 },
  { bytes: 16 * KIB, count: 1500 },
  { bytes: 4 * KIB, count: 2500 },
  { bytes: KIB, count: 4000 },
] as const;
/** What all hold where the line is straight. */
const STRAIGHT_BYTES = 16 * KIB;
const STRAIGHT = ['--levels', '1500,3k,4500,6k'];
/** Processes of the target, to be measured one after the other before a miss is one. */
const MOST_PROCESSES = 5;

const allowedFor = (bytes: number): number => Math.max(0.02 * bytes, 128);

/** @returns what the target is told, and the levels at which one stair ends and the next one begins */
function climbOf(share: number): { readonly words: string; readonly levels: readonly string[] } {
  const counts = STAIRS.map(({ count }) => count * share);
  const tops = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, count) => sum + count, 0));
  return {
    words: STAIRS.map(({ bytes }, i) => `${bytes}@${tops[i - 1] ?? 0}`).join(),
    levels: ['--levels', tops.join()],
  };
}

/**
 * @param missing what the language needs and isn't here; false: nothing
 * @param share of connections, where the process does little besides
 */
export function holdsWhatItHolds(language: Language, missing: string | false, share: 1 | 0.4): void {
  const { words, levels } = climbOf(share);
  describe(`a server in ${language}`, { skip: TIMEOUT.skip || missing }, () => {
    /** Where nothing is held: the same target, however it was found. */
    const nothing: LegSummary[] = [];
    const measure = (t: TestContext, how: How, words: number | string, args: readonly string[]) =>
      measured(t, language, how, [words], args);
    const nothingOf = async (t: TestContext, number: number): Promise<void> => {
      if (nothing.length < number) nothing.push(await measure(t, '--command', 0, levels));
    };

    for (const how of ['--command', '--pid'] as const) {
      const sizes = STAIRS.slice(1).map(({ bytes }) => bytes / KIB);
      it(`that holds ${sizes.join(', ')} KiB more for each connection, by ${how}`, TIMEOUT, async (t) => {
        await untilNear(
          t,
          async (number) => {
            await nothingOf(t, number);
            return measure(t, how, words, levels);
          },
          (held) => STAIRS.slice(1).map(({ bytes }, i) => [bytes, stairOf(held, i) - stairOf(nothing, i)]),
        );
      });
    }

    it(`that holds ${STRAIGHT_BYTES / KIB} KiB for each costs as much more with one more`, TIMEOUT, async (t) => {
      await untilNear(
        t,
        async (number) => {
          await nothingOf(t, number);
          return measure(t, '--pid', STRAIGHT_BYTES, STRAIGHT);
        },
        (held) => [[STRAIGHT_BYTES, costOf(held) - costOf(nothing)]],
      );
    });
  });
}

/**
 * How it is over TLS: what a connection holds besides is the same with little held and with much. In Node.js it is some 40 KB,
 * of which 2 to 4 KB are by chance.
 */
const SECURED_BYTES = 256 * KIB;
const SECURED = ['--levels', '400,800,1200'];

/**
 * @param scheme over TLS
 * @param missing what the language needs and isn't here; false: nothing
 */
export function holdsAsMuchOverTls(language: Language, scheme: SchemeName, missing: string | false): void {
  const skip = TIMEOUT.skip || missing;
  it(`a server in ${language} that holds ${SECURED_BYTES / KIB} KiB for each costs as much more over ${scheme}`, {
    ...TIMEOUT,
    skip,
  }, async (t) => {
    const nothing: LegSummary[] = [];
    const measure = (bytes: number): Promise<LegSummary> =>
      measured(t, language, '--command', [bytes], SECURED, scheme);
    await untilNear(
      t,
      async (number) => {
        if (nothing.length < number) nothing.push(await measure(0));
        return measure(SECURED_BYTES);
      },
      (held) => [[SECURED_BYTES, costOf(held) - costOf(nothing)]],
    );
  });
}

/**
 * Measures as many processes as it takes to be near enough, all of them counted. No two processes of a target are alike:
 * those of Node.js differ by some 35 bytes for each of 10,000 connections (standard deviation), which is memory that V8's
 * threads keep or don't.
 *
 * @param figures pairs of what it is and what it was measured as, by all that was measured
 */
async function untilNear(
  t: TestContext,
  measure: (number: number) => Promise<LegSummary>,
  figures: (legs: readonly LegSummary[]) => ReadonlyArray<readonly [bytes: number, measured: number]>,
): Promise<void> {
  const legs: LegSummary[] = [];
  for (;;) {
    legs.push(await measure(legs.length + 1));
    const all = figures(legs);
    const told = all.map(([bytes, extra]) => `${bytes} bytes were measured as ${extra.toFixed(0)}`).join(', ');
    t.diagnostic(told);
    if (all.every(([bytes, extra]) => Math.abs(extra - bytes) <= allowedFor(bytes))) return;
    assert.ok(legs.length < MOST_PROCESSES, told);
  }
}

/** Bytes in user space for each connection of a stair, the first of those that hold something being 0. */
function stairOf(legs: readonly LegSummary[], stair: number): number {
  return meanOf(
    legs.map(({ levels }) => {
      const [below, top] = [levels[stair]!, levels[stair + 1]!];
      return (top.bytes.user! - below.bytes.user!) / (top.open - below.open);
    }),
  );
}

/** What one more costs in user space. */
const costOf = (legs: readonly LegSummary[]): number =>
  meanOf(legs.map(({ perConnection }) => perConnection!.user!.bytes));

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
