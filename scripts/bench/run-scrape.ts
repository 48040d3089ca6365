import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONNRIG } from './rig-run.ts';

export interface RunScrapes {
  readonly scrapes: number;
  /** As seen by who scrapes, at rest and while connections open. */
  readonly heldMs: readonly number[];
  readonly rampingMs: readonly number[];
  /** By the run's own account, mean of all. */
  readonly ownMs: number;
  readonly series: number;
  readonly bytes: number;
  /** The client's memory at the first and the last scrape of its highest levels. */
  readonly rssBytes: readonly [first: number, last: number];
}

/** Scrapes a real run over and over while it holds about `connections`: its levels lie close together just below. */
export async function measureRunScrapes(connections: number): Promise<RunScrapes> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-bench-'));
  const step = Math.round(connections / 1000);
  const levels = Array.from({ length: 11 }, (_, i) => connections - (10 - i) * step);
  const args = [
    '--protocol',
    'ws',
    '--levels',
    levels.join(','),
    '--rate',
    '20k/s',
    '--metrics',
    '0',
    '--linger',
    '0s',
  ];
  const child = spawn(process.execPath, [CONNRIG, 'run', ...args, '--quiet', '--out', join(scratch, 'run')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  try {
    let url: string | undefined;
    while (url === undefined) {
      if (child.exitCode !== null) throw new Error(`the run ended: ${said}`);
      url = /metrics at (http:\S+)/.exec(said)?.[1];
      await delay(20);
    }
    return await scrapeAll(url, levels[0]!);
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGINT');
      await once(child, 'close');
    }
    await rm(scratch, { recursive: true });
  }
}

/** Until all levels were seen, ten times a second: twenty times as often as anybody would. */
const PAUSE_MS = 100;

async function scrapeAll(url: string, lowest: number): Promise<RunScrapes> {
  const [heldMs, rampingMs]: [number[], number[]] = [[], []];
  const rss: number[] = [];
  let page = '';
  for (;;) {
    const startedAt = performance.now();
    try {
      page = await (await fetch(url)).text();
    } catch {
      break;
    }
    const tookMs = performance.now() - startedAt;
    const isHigh = sampleOf(page, 'connrig_connections_open{protocol="ws",leg="ws"}') >= lowest;
    const isRamp = sampleOf(page, 'connrig_run_phase{protocol="ws",leg="ws",phase="ramp"}') === 1;
    if (isHigh && !isRamp) heldMs.push(tookMs);
    if (isHigh) rss.push(sampleOf(page, 'process_resident_memory_bytes'));
    if (isRamp) rampingMs.push(tookMs);
    // It drains: there is nothing left to see.
    if (heldMs.length > 0 && sampleOf(page, 'connrig_connections_target{protocol="ws",leg="ws"}') === 0) break;
    await delay(PAUSE_MS);
  }
  const scrapes = sampleOf(page, 'connrig_scrapes_total');
  return {
    scrapes,
    heldMs,
    rampingMs,
    ownMs: (sampleOf(page, 'connrig_scrape_duration_seconds_total') * 1000) / scrapes,
    series: page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    bytes: page.length,
    rssBytes: [rss[0] ?? Number.NaN, rss.at(-1) ?? Number.NaN],
  };
}

function sampleOf(page: string, sample: string): number {
  const line = page.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
}
