import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  assertFailed,
  HASTY,
  killIfThere,
  newFolder,
  phaseOf,
  readEvents,
  readSamples,
  startConnrig,
} from '../support/connrig.ts';
import { eventually } from '../support/wait.ts';
import type { ClientCensus } from './servers.ts';

/** As many as the issue of a dialect is tested with. */
export const CLIENTS = 2000;

export interface HeldClients {
  readonly url: string;
  readonly dialect: string;
  /** Settings of the dialect, as `--dialect-set` has them. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** More options of the run. */
  readonly options?: readonly string[];
  /** Three ping intervals and a little more. */
  readonly holdMs: number;
  readonly server: { readonly pid: number; census(): Promise<ClientCensus> };
  /** What the server is to count beside its clients, at the level. */
  readonly also?: Readonly<Record<string, number>>;
  /** Has come before the server's answers count: somebody who was to be dropped is. */
  readonly meanwhile?: Promise<void>;
}

const LOOK_EVERY_MS = 250;
/** Far beyond what a run takes where many others run. */
const ENDED_WITHIN_MS = 280_000;

/**
 * Opens {@link CLIENTS} connections by `connrig run --dialect`, and holds them. From when the server has them all until the hold is
 * over each of its answers has to be that it has just these.
 */
export async function holdClients(t: TestContext, held: HeldClients): Promise<void> {
  const { url, dialect, settings = {}, options = [], holdMs, server, also = {}, meanwhile } = held;
  const folder = newFolder(t);
  const args = [
    ...['run', url, '--dialect', dialect, '--pid', String(server.pid)],
    ...Object.entries(settings).flatMap(([name, value]) => ['--dialect-set', `${name}=${value}`]),
    ...['--connections', String(CLIENTS), '--levels', '1', '--rate', '1k/s', ...HASTY],
    // A busy machine takes its time over thousands of handshakes.
    ...['--open-timeout', '60s', '--rest', `${holdMs}ms`, '--quiet', '--out', folder, ...options],
  ];
  const run = startConnrig(t, args, { deadlineMs: ENDED_WITHIN_MS });
  await phaseOf(run, folder, 'settle', CLIENTS, ENDED_WITHIN_MS);
  // Our end may be open a moment before theirs.
  await eventually(async () => (await server.census()).clients === CLIENTS, `${CLIENTS} clients by the server's count`);
  await meanwhile;
  const from = performance.now();
  const wanted = { clients: CLIENTS, ...also };
  let looks = 0;
  while (performance.now() - from < holdMs - LOOK_EVERY_MS) {
    const census = await server.census();
    const counted = Object.fromEntries(Object.keys(wanted).map((name) => [name, census[name]]));
    // The hold is over sooner than we thought: what came after it isn't looked at.
    if (readEvents(folder).some((event) => event.type === 'phase' && event.phase === 'drain')) break;
    assert.deepEqual(counted, wanted);
    looks += 1;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  assert.ok(looks > 0, 'the server was asked while they were held');
  await phaseOf(run, folder, 'drain');
  killIfThere(run.pid, 'SIGINT');
  assertFailed(await run.ended, 130, 'EINTERRUPTED');
  // It is there when nobody came or went while they were held.
  const [point] = readSamples(folder).flatMap((sample) =>
    sample.type === 'memory' && sample.phase === 'hold' ? [sample] : [],
  );
  assert.ok(point, 'the hold counts');
  const { counts, outcomes } = point.progress;
  assert.deepEqual([counts.open, counts.failed, outcomes.open], [CLIENTS, 0, counts.attempts]);
}
