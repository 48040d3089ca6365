import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { type Cost, type Difference, differenceOf } from '../../core/stats/difference.ts';
import { humanBytes } from '../../core/values/units.ts';
import type { BenchPart } from './benchmark.ts';
import { rigRun } from './rig-run.ts';

const HELD_BYTES = 4096;
const MORE_BYTES = 512;
const PAIRS = 20;
const PORT = 23_456;

/** A target of known cost, in C, and its twin that holds more; then many pairs of runs that are equal. */
export const compareBench: BenchPart = {
  name: 'compare',
  method: `\`connrig run --command …\` against a server in C that holds ${HELD_BYTES} or ${HELD_BYTES + MORE_BYTES} bytes for each of 10,000 connections (\`test/known-answer/held.c\`), 3 launches each. Then come ${PAIRS} pairs of equal runs of our own server (ws, 2,000 connections, 3 launches each).`,
  onDemand: true,
  async measure() {
    const scratch = await mkdtemp(join(tmpdir(), 'connrig-compare-'));
    try {
      const program = join(scratch, 'held');
      execFileSync('gcc', [
        '-O1',
        '-o',
        program,
        fileURLToPath(new URL('../../../test/known-answer/held.c', import.meta.url)),
      ]);
      const heldBy = (bytes: number): Promise<LegSummary> =>
        legOf(
          ...[`tcp://127.0.0.1:${PORT}`, '--command', `exec ${program} ${PORT} ${bytes}`],
          ...['--connections', '10k', '--rate', '20k/s', '--launches', '3'],
        );
      const told = differenceBetween(await heldBy(HELD_BYTES), await heldBy(HELD_BYTES + MORE_BYTES));
      const equal: Difference[] = [];
      for (let i = 0; i < PAIRS; i++) {
        const one = (): Promise<LegSummary> =>
          legOf('--protocol', 'ws', '--connections', '2k', '--levels', '5', '--rate', '20k/s', '--launches', '3');
        equal.push(differenceBetween(await one(), await one()));
      }
      const alarms = equal.filter(({ word }) => word !== 'no difference shown').length;
      return [
        {
          what: `a target with ${MORE_BYTES} B more`,
          value: `${told.word}, ${humanBytes(told.bytes)} (${humanBytes(told.low)} to ${humanBytes(told.high)})`,
          target: 'dearer',
          holds: told.word === 'dearer',
        },
        { what: 'equal pairs told apart', value: `${alarms} of ${PAIRS}`, target: '≤ 1', holds: alarms <= 1 },
      ];
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

const legOf = async (...args: string[]): Promise<LegSummary> => (await rigRun(...args)).summary.legs[0]!;

function differenceBetween(a: LegSummary, b: LegSummary): Difference {
  const costOf = ({ perConnection, launches }: LegSummary): Cost => ({
    ...perConnection!.total!,
    launches: launches?.count ?? 1,
    coarseBytes: perConnection!.coarseBytes,
  });
  return differenceOf(costOf(a), costOf(b));
}
