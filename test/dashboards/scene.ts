import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Readings } from '../../core/schemas/readings.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { assertWentThrough, newFolder, startConnrig } from '../support/connrig.ts';
import { freePort, type RunningPrometheus, startPrometheus } from '../support/prometheus.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { eventually } from '../support/wait.ts';
import { type Facts, factsOf } from './facts.ts';
import type { ServerFacts } from './server-checks.ts';

/** So many of its descriptors that an alert is due. */
const SMALL = { connections: 1200, connectionLimit: 1204, descriptorLimit: 1300 } as const;
/** Rules are evaluated every 5 s; a run that is over was seen to be over before. */
export const RULES_MS = 6000;

export interface Scene {
  readonly prometheus: RunningPrometheus;
  readonly big: Facts;
  /** Against a server that is scraped too. */
  readonly small: ServerFacts;
  readonly server: string;
  readonly meter: string;
  /** Pages as they were scraped, by who served them. */
  readonly pages: ReadonlyMap<string, string>;
}

/** Two runs, one after the other, with a Prometheus that watches: one against our own server, one against one it scrapes. */
export async function play(t: TestContext): Promise<Scene> {
  const serve = await startServe(
    ['--max-connections', String(SMALL.connectionLimit)],
    ['/bin/sh', '-c', `ulimit -n ${SMALL.descriptorLimit}; exec "$@"`, 'sh'],
  );
  t.after(() => serve.stop());
  const [server, meter, metrics] = [new URL(serve.ready.admin).host, `127.0.0.1:${await freePort()}`, await freePort()];
  const metering = startConnrig(t, ['meter', '--pid', String(serve.child.pid), '--listen', meter]);
  await eventually(() => metering.stderr().includes(meter), 'the meter');
  const prometheus = await startPrometheus(t, {
    'connrig-run': `127.0.0.1:${metrics}`,
    'connrig-serve': server,
    'connrig-meter': meter,
  });
  const watched = ['--metrics', `127.0.0.1:${metrics}`, '--linger', '60s', '--json', '--settle-timeout', '5s'];
  const big = await runOf(t, [
    ...[
      'run',
      '--protocol',
      'tcp,wss',
      '--connections',
      '3k',
      '--levels',
      '5',
      '--behaviour',
      'heartbeat:10s',
      '--name',
      'big',
      ...watched,
    ],
    // No level is over before two scrapes.
    ...['--rate', '600/s', '--rest', '2s'],
  ]);
  const pages = new Map<string, string>();
  const url = (host: string): string => `http://${host}/metrics`;
  const small = await runOf(
    t,
    [
      ...['run', `ws://127.0.0.1:${serve.ports.ws}`, '--pid', String(serve.child.pid), '--name', 'small'],
      // Slowly, since half of all that it opens comes in the warm-up, before or around the first scrape.
      ...['--connections', String(SMALL.connections), '--levels', '5', '--rate', '500/s'],
      ...['--behaviour', 'echo:200/s:64B'],
      ...['--memory-limit', '40MiB', ...watched],
    ],
    async () => {
      for (const [who, host] of [
        ['run', `127.0.0.1:${metrics}`],
        ['serve', server],
        ['meter', meter],
      ] as const) {
        let said = '';
        const page = await eventually(async () => {
          said = await pageOf(url(host));
          // For a run: once it is on its way.
          return said.includes('connrig_info{') ? said : undefined;
        }, `the page of ${who}`).catch((error) => assert.fail(`${error}; it said: ${said}\n${metering.stderr()}`));
        pages.set(who, page);
      }
    },
  );
  await delay(RULES_MS + 500);
  const scrapedAt = await prometheus.scrapesOf('connrig-run');
  const ofServer = await serverFacts(serve, meter, pages);
  return {
    prometheus,
    big: { ...big, scrapedAt },
    small: { ...small, scrapedAt, ...ofServer },
    server,
    meter,
    pages,
  };
}

const pageOf = (url: string): Promise<string> =>
  fetch(url).then(
    (response) => response.text(),
    (error: unknown) => `${error}`,
  );

async function runOf(
  t: TestContext,
  args: readonly string[],
  meanwhile?: () => Promise<void>,
): Promise<Omit<Facts, 'scrapedAt'>> {
  const folder = newFolder(t);
  const started = startConnrig(t, [...args, '--out', folder], { deadlineMs: 200_000 });
  await meanwhile?.();
  const ended = await started.ended;
  assertWentThrough(ended);
  return factsOf(folder, Summary.parse(JSON.parse(ended.stdout)));
}

async function serverFacts(
  serve: ServeProcess,
  meter: string,
  pages: ReadonlyMap<string, string>,
): Promise<Omit<ServerFacts, keyof Facts>> {
  const memory = await serve.memory();
  const readings = Readings.parse(await (await fetch(`http://${meter}/readings`)).json());
  return {
    version: /connrig_info\{role="serve",version="([^"]+)"\}/.exec(pages.get('serve')!)![1]!,
    connectionLimit: SMALL.connectionLimit,
    descriptorLimit: SMALL.descriptorLimit,
    payloadBytes: memory.census.ws.bytesIn,
    missing: readings.missing.map((one) => one.meter),
  };
}
