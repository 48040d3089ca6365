import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../core/schemas/summary.ts';
import { median } from '../../core/stats/slope.ts';
import type { BenchPart } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';

/** With what the kernel takes some 10,240 bytes a connection, so that 512 more are 5 %. */
const HELD_BYTES = 6144;
const MORE_BYTES = 512;
const ALLOWED_PERCENT = 2;
const TRIES = 20;
const PORT = 23_456;
const MOST_SECONDS = 60;

interface Gate {
  readonly summary: Summary;
  readonly folder: string;
  readonly seconds: number;
}

/** A gate on a target of known cost, in C: against its twin that holds more, and against one that is equal, by turns. */
export const gateBench: BenchPart = {
  name: 'gate',
  method: `\`connrig run --baseline\` against a server in C that holds ${HELD_BYTES} bytes for each of 2,000 connections (\`test/known-answer/held.c\`). It is measured in 5 launches. Then a twin that holds ${MORE_BYTES} B more is held against that, and an equal one, ${TRIES} times. ${ALLOWED_PERCENT} % are allowed.`,
  onDemand: true,
  async measure() {
    const scratch = await mkdtemp(join(tmpdir(), 'connrig-gate-'));
    try {
      const program = join(scratch, 'held');
      const source = fileURLToPath(new URL('../../../test/known-answer/held.c', import.meta.url));
      execFileSync('gcc', ['-O1', '-o', program, source]);
      let made = 0;
      const gate = async (bytes: number, ...args: readonly string[]): Promise<Gate> => {
        const folder = join(scratch, String(made++));
        const command = ['--command', `exec ${program} ${PORT} ${bytes}`, '--connections', '2k', '--levels', '5'];
        const startedAtMs = performance.now();
        const summary = await summaryOfRun(
          `tcp://127.0.0.1:${PORT}`,
          ...command,
          '--rate',
          '20k/s',
          '--out',
          folder,
          ...args,
        );
        return { summary, folder, seconds: (performance.now() - startedAtMs) / 1000 };
      };
      const [grown, equal]: [Gate[], Gate[]] = [[], []];
      for (let i = 0; i < TRIES; i++) {
        const { folder } = await gate(HELD_BYTES, '--launches', '5');
        const against = ['--baseline', folder, '--max-growth', `${ALLOWED_PERCENT}%`];
        grown.push(await gate(HELD_BYTES + MORE_BYTES, ...against));
        equal.push(await gate(HELD_BYTES, ...against));
      }
      const isFailed = ({ summary }: Gate): boolean => summary.error?.code === 'EGROWTH';
      const isGreen = ({ summary }: Gate): boolean => summary.exitCode === 0;
      const found = grown.filter(isFailed).length;
      const alarms = equal.filter(isFailed).length;
      const blind = [...grown, ...equal].filter((one) => isGreen(one) && !excludesGrowth(one)).length;
      const seconds = median([...grown, ...equal].map((one) => one.seconds));
      const most = Math.max(...[...grown, ...equal].map((one) => one.seconds));
      return [
        {
          what: `twins with ${MORE_BYTES} B more that are found`,
          value: `${found} of ${TRIES}`,
          target: '≥ 19',
          holds: found >= 19,
        },
        {
          what: 'such twins that end green',
          value: `${grown.filter(isGreen).length}`,
          target: '0',
          holds: !grown.some(isGreen),
        },
        { what: 'equal pairs that fail', value: `${alarms} of ${TRIES}`, target: '0', holds: alarms === 0 },
        {
          what: 'equal pairs that end green, the others inconclusive',
          value: `${equal.filter(isGreen).length} of ${TRIES}`,
          target: '',
          holds: true,
        },
        { what: 'green, and the growth is not excluded', value: String(blind), target: '0', holds: blind === 0 },
        {
          what: 'time of a gate, median',
          value: `${seconds.toFixed(1)} s (most ${most.toFixed(1)} s)`,
          target: `≤ ${MOST_SECONDS} s`,
          holds: seconds <= MOST_SECONDS,
        },
      ];
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

function excludesGrowth({ summary }: Gate): boolean {
  return (summary.baseline?.legs ?? []).every(
    ({ difference, baselineBytes }) =>
      difference !== null && difference.high <= (ALLOWED_PERCENT / 100) * baselineBytes!,
  );
}
