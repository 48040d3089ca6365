import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../core/stats/slope.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { mainThreadCpuOf } from './main-thread.ts';
import { CONNRIG } from './rig-run.ts';

const ROUNDS = 3;
const COMMAND = ['run', '--protocol', 'ws', '--levels', '20k,40k,60k,80k,100k', '--rate', '20k/s', '--quiet'];
const LOOK_EVERY_MS = 500;

interface Cost {
  readonly mainThreadSeconds: number;
  readonly wallSeconds: number;
  /** What the page was sent. */
  readonly events: number;
}

export const live: BenchPart = {
  name: 'live',
  method: `\`connrig ${COMMAND.join(' ')}\`, by turns as it is and with \`--live\`, ${ROUNDS} rounds. With \`--live\` somebody looks for all of it: a process of its own reads the page's events as fast as they come. The processor time of the client's main thread, where record and page are made, to the end of the run; medians.`,
  async measure() {
    const costs: Record<'without' | 'with', Cost[]> = { without: [], with: [] };
    for (let round = 0; round < ROUNDS; round++) {
      costs.without.push(await costOf([]));
      costs.with.push(await costOf(['--live', '0', '--linger', '0s']));
    }
    const over = (which: keyof typeof costs, of: (cost: Cost) => number): number => median(costs[which].map(of));
    const share = (which: keyof typeof costs): number =>
      over(which, ({ mainThreadSeconds, wallSeconds }) => (mainThreadSeconds / wallSeconds) * 100);
    const more = over('with', (cost) => cost.mainThreadSeconds) - over('without', (cost) => cost.mainThreadSeconds);
    const morePercent = (more / over('with', ({ wallSeconds }) => wallSeconds)) * 100;
    const percent = (value: number): string => `${value.toFixed(2)} % of a core`;
    return [
      { what: 'main thread, nobody looks', value: percent(share('without')), target: '', holds: true },
      { what: 'main thread, with a page', value: percent(share('with')), target: '', holds: true },
      { what: 'events sent to it', value: `${over('with', ({ events }) => events)}`, target: '', holds: true },
      {
        what: 'more with a page than without, over the whole run',
        value: percent(morePercent),
        target: '< 1 %',
        holds: morePercent < 1,
      },
    ] satisfies Figure[];
  },
};

async function costOf(more: readonly string[]): Promise<Cost> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-live-'));
  try {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [CONNRIG, ...COMMAND, '--out', join(scratch, 'run'), ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'exit');
    let said = '';
    let events = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /live page at (\S+)/.exec(text)?.[1];
      if (url) look(`${url}events`, () => events++);
    });
    let mainThreadSeconds = 0;
    while (child.exitCode === null) {
      mainThreadSeconds = mainThreadCpuOf(child.pid!) ?? mainThreadSeconds;
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))]);
    }
    if (child.exitCode !== 0 && child.exitCode !== 6) throw new Error(said);
    return { mainThreadSeconds, wallSeconds: (performance.now() - startedAtMs) / 1000, events };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function look(url: string, onEvent: () => void): void {
  get(url, { agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      for (const _ of text.matchAll(/^event: (?:snapshot|delta)$/gm)) onEvent();
    });
    response.on('error', () => {});
  }).on('error', () => {});
}
