import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openManyWs } from './peers.ts';

const SCRAPES = 20;

/** How long `/metrics` of the reference server takes with `connections` open: median and worst, in ms. */
export async function measureScrape(connections = 10_000): Promise<{ medianMs: number; maxMs: number }> {
  const child = fork(new URL('rig-server.js', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port, admin }] = (await once(child, 'message')) as [{ port: number; admin: string }];
  // The first request pays for loading the client, here, not for the scrape.
  await scrape(admin);
  const sockets = await openManyWs(port, connections);
  try {
    const times: number[] = [];
    for (let i = 0; i < SCRAPES; i++) {
      const startedAt = performance.now();
      await scrape(admin);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    return { medianMs: times[SCRAPES / 2] ?? 0, maxMs: times.at(-1) ?? 0 };
  } finally {
    for (const socket of sockets) socket.destroy();
    child.disconnect();
    await once(child, 'exit');
  }
}

const scrape = async (admin: string): Promise<string> => (await fetch(`${admin}/metrics`)).text();
