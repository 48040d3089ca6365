import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessTree } from '../../memory/process-tree.ts';
import { findGeneratorFile } from '../generators/install.ts';
import { startCensusServer } from './census.ts';
import type { Chain, ClientLevel } from './peers.ts';

const LOOK_EVERY_MS = 20;
const TIMEOUT_MS = 120_000;
const QUIETLY = ['--no-usage-report', '--quiet', '--summary-mode', 'disabled', '--no-thresholds', '--address', ''];

/**
 * k6 climbs no levels: a fresh process and a fresh server for each number of connections. What starting up costs is in all of them.
 *
 * @param k6 where it lies
 * @throws when it doesn't get them all open
 */
export async function climbByK6(
  k6: string,
  chain: Chain,
  levels: readonly number[],
  window: number,
): Promise<ClientLevel[]> {
  const seen: ClientLevel[] = [];
  for (const level of levels) seen.push(await openByK6(k6, chain, level, window));
  return seen;
}

async function openByK6(k6: string, chain: Chain, count: number, window: number): Promise<ClientLevel> {
  const server = await startCensusServer(chain);
  const startedAtMs = performance.now();
  const child = spawn(k6, ['run', ...QUIETLY, findGeneratorFile('k6.js')], {
    // Go trusts what lies there, and nothing else.
    env: {
      ...process.env,
      TARGET: `wss://127.0.0.1:${server.port}/`,
      COUNT: String(count),
      WINDOW: String(window),
      SSL_CERT_FILE: chain.caPath,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    while ((await server.count()).open < count) {
      if (child.exitCode !== null) throw new Error(`k6 ended with ${child.exitCode}`);
      if (performance.now() - startedAtMs > TIMEOUT_MS) throw new Error(`k6 did not open ${count}`);
      await delay(LOOK_EVERY_MS);
    }
    const wallSeconds = (performance.now() - startedAtMs) / 1000;
    const { cpuSeconds, anonBytes } = await readProcessTree([child.pid!]);
    return { open: count, wallSeconds, cpuSeconds, anonBytes: anonBytes ?? Number.NaN };
  } finally {
    if (child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await server.stop();
  }
}
