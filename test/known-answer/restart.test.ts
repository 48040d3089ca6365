/** Targets that restart while all connections are open: all are back, and whatever is looked at is the new process. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Sample } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { plain } from '../../report/words/phrase.ts';
import { verdictOf } from '../../report/words/verdict.ts';
import { sourceOf } from '../support/compiled.ts';
import {
  assertWentThrough,
  connrig,
  type Ended,
  HASTY,
  newFolder,
  readEvents,
  readSamples,
} from '../support/connrig.ts';
import { KIB, listenAtPort, MIB } from '../support/peers.ts';

const TIMEOUT = { timeout: 240_000, skip: process.platform !== 'linux' ? 'memory is read from /proc' : false };
const HELD_BYTES = 16 * KIB;
/** So long it takes from SIGTERM until it ends, and from its start until it listens: see restarts.mjs. */
const ENDS_MS = 200;
const STARTS_MS = 300;

type Storm = Extract<Sample, { type: 'storm' }>;

interface Restarted {
  readonly ended: Ended;
  readonly folder: string;
  readonly storm: Storm | undefined;
  readonly context: string;
}

/** A run of which the target restarts once its only level was held. */
async function restarted(t: TestContext, connections: number, args: readonly string[]): Promise<Restarted> {
  const folder = newFolder(t);
  const ended = await connrig(t, [
    ...['run', ...args, '--connections', String(connections), '--levels', '1', '--out', folder, '--json', ...HASTY],
    ...['--behaviour', 'storm:100%:at-once:50ms'],
  ]);
  const storm = readSamples(folder).find((sample): sample is Storm => sample.type === 'storm');
  return { ended, folder, storm, context: `${ended.stderr}\n${JSON.stringify(storm)}` };
}

/** The server of restarts.mjs at a port that was free a moment ago. */
async function foreign(t: TestContext, how = ''): Promise<string[]> {
  const taken = createServer();
  const { port } = await listenAtPort(taken);
  await new Promise((resolve) => taken.close(resolve));
  const folder = mkdtempSync(join(tmpdir(), 'connrig-restarts-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const command = `exec ${process.execPath} ${sourceOf('known-answer/restarts.mjs')} ${port} ${folder} ${HELD_BYTES} ${how}`;
  return [`ws://127.0.0.1:${port}/`, '--command', command];
}

function assertAllBack({ storm, context }: Restarted, connections: number): Storm {
  assert.ok(storm?.restart, context);
  assert.deepEqual([storm.how, storm.cut, storm.back], ['restart', connections, connections], context);
  const { closeReasons, outcomes } = storm.progress;
  assert.equal(closeReasons['by-us'], connections + (outcomes.open - 2 * connections), context);
  assert.ok(outcomes.refused > 0 && storm.retries >= outcomes.refused, context);
  const { endedMs, listeningMs, downMs, pids } = storm.restart;
  assert.ok(downMs! > 0 && endedMs! < listeningMs! && downMs! <= listeningMs! && listeningMs! <= storm.tookMs, context);
  assert.ok(pids[0] !== null && pids[1] !== null && pids[0] !== pids[1], context);
  return storm;
}

describe('a target that restarts', () => {
  it('by a command is followed into its second life, whose memory is told', TIMEOUT, async (t) => {
    const connections = 1000;
    const run = await restarted(t, connections, [...(await foreign(t)), '--restart-target']);
    const { ended, folder, context } = run;
    assertWentThrough(ended);
    const storm = assertAllBack(run, connections);
    const { signal, killed, endedMs, listeningMs, downMs, pids, peaksBytes } = storm.restart!;
    assert.deepEqual([signal, killed], ['SIGTERM', false]);
    assert.ok(endedMs! >= ENDS_MS && listeningMs! >= ENDS_MS + STARTS_MS, context);
    assert.ok(downMs! >= STARTS_MS && downMs! >= listeningMs! - endedMs! - 50, context);
    const log = readFileSync(join(folder, 'target.log'), 'utf8');
    assert.deepEqual(
      log.match(/life of \d+/g),
      pids.map((pid) => `life of ${pid}`),
      'what both said is kept',
    );
    // Three times as much for each in its second life.
    const moreBytes = storm.afterBytes! - storm.beforeBytes!;
    assert.ok(Math.abs(moreBytes - 2 * HELD_BYTES * connections) < 12 * MIB, context);
    assert.ok(peaksBytes[1]! >= storm.afterBytes! - MIB && peaksBytes[0]! < peaksBytes[1]!, context);
    const summary = Summary.parse(JSON.parse(ended.stdout));
    assert.deepEqual(summary.legs[0]!.storm!.restart, storm.restart);
    assert.equal(summary.legs[0]!.retained, null, 'the baseline was of another process');
    assert.match(
      verdictOf(summary).map(plain).join(' '),
      /all 1,000 that were cut were back within [\d.]+ m?s of SIGTERM \(nobody listened for [\d.]+ m?s\)/,
    );
  });

  it('and does not end when it is asked is killed, which is told', TIMEOUT, async (t) => {
    const connections = 300;
    const deaf = await restarted(t, connections, [...(await foreign(t, 'deaf')), '--restart-target', 'SIGTERM:400ms']);
    assertWentThrough(deaf.ended);
    const { killed, endedMs } = assertAllBack(deaf, connections).restart!;
    assert.ok(killed && endedMs! >= 400, deaf.context);
    const warning = readEvents(deaf.folder).find((event) => event.type === 'warning' && event.code === 'WKILLED');
    assert.match(JSON.stringify(warning), /did not end within 400 ms of SIGTERM: it was killed/);
  });

  it('and does not come up again ends the run, which keeps what it measured', TIMEOUT, async (t) => {
    const connections = 200;
    const { ended, folder, storm, context } = await restarted(t, connections, [
      ...(await foreign(t, 'once')),
      '--restart-target',
    ]);
    assert.equal(ended.code, 4, context);
    assert.match(
      ended.stderr,
      /the target did not come up again after SIGTERM: the command ended \(exit code 3\) before/,
    );
    assert.match(ended.stderr, /I have lived already/);
    const { error, legs } = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
    assert.equal(error?.code, 'ETARGETRESTART', context);
    assert.ok(storm?.restart && storm.cut === connections && storm.back === 0, context);
    const { endedMs, listeningMs, downMs, pids } = storm.restart;
    assert.deepEqual([endedMs! >= ENDS_MS, listeningMs, downMs, pids[1]], [true, null, null, null], context);
    assert.equal(legs[0]!.levels[0]!.open, connections, 'the level is kept');
  });

  it('and ends by itself later has died', TIMEOUT, async (t) => {
    const { ended, context } = await restarted(t, 200, [...(await foreign(t, 'dies')), '--restart-target']);
    assert.equal(ended.code, 4, context);
    assert.match(ended.stderr, /the command ended by itself \(exit code 7\)/, context);
  });

  for (const [protocol, connections, more] of [
    ['ws', 1000, ['--processes', '2', '--restart-target']],
    ['wss', 500, ['--restart-target', 'int:1m']],
    ['ws+unix', 500, ['--restart-target', 'KILL']],
  ] as const) {
    it(`is our own server of ${protocol}, at the same place, with the same certificate`, TIMEOUT, async (t) => {
      const run = await restarted(t, connections, ['--protocol', protocol, ...more]);
      assertWentThrough(run.ended);
      const { outcomes } = assertAllBack(run, connections).progress;
      assert.equal(outcomes['cert-untrusted'] + outcomes['tls-alert'] + outcomes['cert-name'], 0, run.context);
    });
  }
});
