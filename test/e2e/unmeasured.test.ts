/** Runs that went all the way and have no result, or one without a cost: how each of them ends, and that all that is said of it agrees. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Summary } from '../../core/schemas/summary.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  type Ended,
  HASTY,
  newFolder,
  readEvents,
  readRunJson,
  reportOn,
  undisturbed,
} from '../support/connrig.ts';
import { unusedPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 240_000 };

/** Resets each connection before a level can have been read: two windows of memory lie 250 ms apart. */
const LIFE_MS = 150;
const RESETTING = `
  import { createServer } from 'node:net';
  createServer((socket) => {
    socket.on('error', () => {});
    setTimeout(() => socket.resetAndDestroy(), ${LIFE_MS});
  }).listen(Number(process.argv[2]), '127.0.0.1');`;
const HOLDING = `
  import { createServer } from 'node:net';
  createServer((socket) => socket.on('error', () => {}).resume()).listen(Number(process.argv[2]), '127.0.0.1');`;

/** What a folder says, by its record, by its report, and by the command that made it. */
async function agreed(t: TestContext, folder: string, ended: Ended): Promise<Summary> {
  const summary = await reportOn(t, folder);
  const run = readRunJson(folder);
  assert.deepEqual([summary.status, summary.exitCode], [run.status, run.exitCode]);
  assert.equal(ended.code, run.exitCode, ended.stderr);
  const [first] = readEvents(folder).filter((event) => event.type === 'error');
  assert.equal(summary.error?.code, first?.type === 'error' ? first.code : undefined);
  return summary;
}

async function serverOf(t: TestContext, source: string): Promise<{ url: string; command: string; folder: string }> {
  const folder = newFolder(t);
  const program = join(dirname(folder), 'server.mjs');
  writeFileSync(program, source);
  const port = await unusedPort();
  return { url: `tcp://127.0.0.1:${port}`, command: `exec "${process.execPath}" "${program}" ${port}`, folder };
}

describe('a run without a level', () => {
  it('of a server that resets each connection after a while: EUNSTABLE', TIMEOUT, async (t) => {
    const { url, command, folder } = await serverOf(t, RESETTING);
    const ended = await connrig(t, [
      'run',
      url,
      '--command',
      command,
      '--connections',
      '1',
      '--levels',
      '1',
      '--out',
      folder,
    ]);
    const sentence = /tcp: no level held still: connections came and went, and the target closed \d+/;
    assertFailed(ended, 4, 'EUNSTABLE', sentence);
    const { legs, status } = await agreed(t, folder, ended);
    assert.deepEqual([status, legs[0]?.levels, legs[0]?.perConnection], ['failed', [], null]);
    assert.match(ended.stdout, /No level was reached: at most 1 of 1 TCP connections was open at a time/);
  });

  it('in one leg of two: what the other measured is kept, and the run has not passed', TIMEOUT, async (t) => {
    const resetting = createServer((socket) => {
      socket.on('error', () => {});
      setTimeout(() => socket.resetAndDestroy(), LIFE_MS);
    });
    const answering = createHttpServer({ keepAliveTimeout: 0 }, (_, response) => response.end());
    const [tcp, http] = [await portOf(t, resetting), await portOf(t, answering)];
    const folder = newFolder(t);
    const ended = await connrig(t, [
      ...['run', `tcp://127.0.0.1:${tcp}`, `http://127.0.0.1:${http}`, '--pid', String(process.pid)],
      ...['--connections', '1', '--levels', '1', '--out', folder],
    ]);
    assertFailed(ended, 4, 'EUNSTABLE', /tcp: no level held still/);
    const { legs } = await agreed(t, folder, ended);
    assert.deepEqual(
      legs.map(({ protocol, levels }) => [protocol, levels.map(({ open }) => open)]),
      [
        ['tcp', []],
        ['http', [1]],
      ],
    );
  });

  it('in each of two launches: the first is the reason', TIMEOUT, async (t) => {
    const { url, command, folder } = await serverOf(t, RESETTING);
    const args = ['--command', command, '--connections', '1', '--levels', '1', '--launches', '2', '--out', folder];
    const ended = await connrig(t, ['run', url, ...args]);
    assertFailed(ended, 4, 'EUNSTABLE', /tcp, launch 1 of 2: no level held still/);
    await agreed(t, folder, ended);
    const launches = readEvents(folder).flatMap((event) => (event.type === 'phase' ? [event.launch] : []));
    assert.deepEqual([...new Set(launches)], [0, 1], 'the second was walked all the same');
  });
});

describe('levels that were never meant to tell a cost', () => {
  for (const [levels, count] of [
    ['1', 1],
    ['10,20', 2],
  ] as const) {
    it(`--levels ${levels}: passed, without a cost`, TIMEOUT, async (t) => {
      const { url, command } = await serverOf(t, HOLDING);
      const args = (out: string): string[] => [
        ...['run', url, '--command', command, '--connections', '20', '--levels', levels, ...HASTY, '--out', out],
      ];
      const { folder, ...ended } = await undisturbed(t, args);
      assertWentThrough(ended);
      const { legs, error } = await reportOn(t, folder);
      assert.deepEqual([legs[0]?.levels.length, legs[0]?.perConnection], [count, null]);
      assert.ok(error === null || error.code === 'EGENERATOR');
    });
  }

  it(
    'losses that are tolerated, while a level is climbed to, at a URL alone, whose memory nobody was asked for: passed',
    TIMEOUT,
    async (t) => {
      let accepted = 0;
      const server = createServer((socket) => {
        socket.resume();
        // Beyond those of the warm-up, and not for ever: each is replaced.
        if (++accepted % 10 === 0 && accepted > 130 && accepted <= 230) socket.resetAndDestroy();
      });
      const { legs, warnings } = await passed(t, await portOf(t, server));
      assert.equal(legs[0]?.perConnection?.user ?? null, null);
      // Those of the warm-up, those of the climb, and one for each that was lost.
      assert.equal(legs[0]!.attempts, 120 + 120 + 10, warnings.join('\n'));
    },
  );
});

/** A run of three small levels that went through, with each of them. */
async function passed(t: TestContext, port: number): Promise<Summary> {
  const { folder, ...ended } = await undisturbed(t, (out) => [
    ...['run', `tcp://127.0.0.1:${port}`, '--levels', '40,80,120', ...HASTY, '--out', out],
  ]);
  assertWentThrough(ended);
  const summary = await reportOn(t, folder);
  assert.deepEqual(
    summary.legs[0]?.levels.map(({ open }) => open),
    [40, 80, 120],
  );
  return summary;
}

/** The port of a server in this process, gone with the test. */
async function portOf(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
