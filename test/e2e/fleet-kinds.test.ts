/** Each kind of run over two workers: its sums are those of the server, and its record has what a run in one process has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MemoryPoint, Sample } from '../../core/schemas/record.ts';
import {
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  readRunJson,
  readSamples,
} from '../support/connrig.ts';
import { endWorker, startWorker } from '../support/fleet-workers.ts';
import { needs } from '../support/needs.ts';
import { startRedisServer } from '../support/redis.ts';
import { SUBPROTOCOL, startSignInServer } from '../support/sign-in-server.ts';

const TIMEOUT = {
  timeout: 580_000,
  skip: process.platform === 'linux' ? needs('redis-server') : 'needs /proc',
};
const COUNT = 120;

interface Kind {
  readonly name: string;
  readonly args: readonly string[];
  /** Legs times launches. */
  readonly legs: number;
  readonly check?: (samples: readonly Sample[]) => void;
}

type OfType<Type extends Sample['type']> = Extract<Sample, { type: Type }>;
const ofType = <Type extends Sample['type']>(samples: readonly Sample[], type: Type): OfType<Type>[] =>
  samples.filter((sample): sample is OfType<Type> => sample.type === type);
const holdsOf = (samples: readonly Sample[]): MemoryPoint[] =>
  ofType(samples, 'memory').filter(({ phase }) => phase === 'hold');
const countOf = (pairs: ReadonlyArray<readonly [number, number]>): number =>
  pairs.reduce((sum, [, count]) => sum + count, 0);

function checkTalk(samples: readonly Sample[]): void {
  for (const { talk } of holdsOf(samples)) {
    assert.ok(talk && talk.messages >= 50, JSON.stringify(talk));
    assert.deepEqual([talk.replies, talk.lostReplies], [talk.messages, 0]);
    assert.deepEqual([countOf(talk.rttPlanned), countOf(talk.rttActual)], [talk.replies, talk.replies]);
  }
}

const KINDS: readonly Kind[] = [
  { name: 'two legs in one run, of two levels', args: ['--protocol', 'wss,sse', '--levels', '2'], legs: 2 },
  { name: 'two launches', args: ['--protocol', 'tcp', '--levels', '1', '--launches', '2'], legs: 2 },
  {
    name: 'compressed messages that come back, in two cycles',
    args: [
      '--behaviour',
      'echo:300/s:64B',
      '--talk',
      '1s',
      '--per-message-deflate',
      'on',
      '--cycles',
      '2',
      '--levels',
      '1',
    ],
    legs: 1,
    check: checkTalk,
  },
  {
    name: 'requests, over TLS',
    args: ['--protocol', 'https', '--behaviour', 'request:300/s:/', '--talk', '1s', '--levels', '1'],
    legs: 1,
    check: checkTalk,
  },
  {
    name: 'connections that are replaced, and a soak',
    args: ['--behaviour', 'churn:200/s', '--churn-for', '500ms', '--soak', '2s', '--levels', '1'],
    legs: 1,
    check: (samples) => {
      const churned = ofType(samples, 'churn');
      assert.deepEqual(
        churned.map(({ phase }) => phase),
        ['churn', 'soak'],
      );
      for (const { replaced, due, failed, lost, openPlanned } of churned) {
        assert.ok(replaced > 20 && due >= replaced, `${replaced} of ${due}`);
        assert.deepEqual([failed, lost], [0, 0]);
        assert.ok(countOf(openPlanned) > 20);
      }
    },
  },
  {
    name: 'a storm',
    args: ['--behaviour', 'storm:50%:rst:at-once', '--levels', '1'],
    legs: 1,
    check: (samples) => {
      const [storm] = ofType(samples, 'storm');
      assert.ok(storm);
      assert.deepEqual([storm.cut, storm.back, storm.failedMeanwhile], [COUNT / 2, COUNT / 2, 0]);
      assert.deepEqual([countOf(storm.backAfter), countOf(storm.admission)], [COUNT / 2, COUNT / 2]);
      assert.equal(
        storm.paces?.reduce((sum, { begun }) => sum + begun, 0),
        COUNT / 2,
      );
    },
  },
  {
    name: 'connections that vanish',
    args: ['--behaviour', 'vanish:50%', '--vanish-for', '1s', '--levels', '1'],
    legs: 1,
    check: (samples) => {
      const [vanish] = ofType(samples, 'vanish');
      assert.ok(vanish);
      assert.deepEqual([vanish.vanished, vanish.seenBy], [COUNT / 2, 'sockets']);
      const [firstMs, lastMs] = vanish.vanishedAtMs!;
      assert.ok(firstMs > 0 && firstMs <= lastMs && lastMs <= vanish.elapsedMs, JSON.stringify(vanish));
    },
  },
  {
    name: 'connections that read slowly',
    args: ['--behaviour', 'slow:50%+echo:300/s:64B', '--slow-for', '2s', '--talk', '1s', '--levels', '1'],
    legs: 1,
    check: (samples) => {
      checkTalk(samples);
      const [slow] = ofType(samples, 'slow');
      const context = JSON.stringify({ ...slow, progress: undefined });
      assert.ok(slow?.talk && slow.readOn && slow.queues, context);
      assert.deepEqual([slow.slow, slow.readOn.open, slow.queues.held], [COUNT / 2, COUNT / 2, COUNT / 2], context);
      assert.equal(slow.talk.lostReplies, 0, context);
      // A message may be on its way at any moment.
      const { cameBytes, owedBytes } = slow.readOn;
      assert.ok(owedBytes && cameBytes <= owedBytes && cameBytes >= 0.98 * owedBytes, context);
      assert.ok(slow.readOn.cameBytes > 0 && slow.queues.client.received.bytes > 0, context);
    },
  },
];

test('each kind of run over two workers', TIMEOUT, async (t) => {
  const { url } = await startRedisServer(t);
  const workers = [await startWorker(t, url, 'one'), await startWorker(t, url, 'two')];
  const overFleet = ['--fleet', url, '--fleet-workers', '2', ...HASTY];

  for (const { name, args, legs, check } of KINDS) {
    await t.test(name, async (t) => {
      const [folder, alone] = [newFolder(t), newFolder(t)];
      const protocol = args.includes('--protocol') ? [] : ['--protocol', 'ws'];
      const plan = ['run', ...protocol, ...args, '--connections', `${COUNT}`];
      const ended = await Promise.all([
        connrig(t, [...plan, ...overFleet, '--out', folder]),
        // What all kinds have is compared once for all of them.
        ...(check ? [connrigHere([...plan, ...HASTY, '--out', alone])] : []),
      ]);
      ended.forEach(assertWentThrough);
      const samples = readSamples(folder);
      check?.(samples);
      checkSums(samples, legs);
      for (const { shares } of readRunJson(folder).generator.legs) {
        assert.deepEqual(
          shares?.map(({ capacity }) => capacity),
          [COUNT / 2, COUNT / 2],
        );
      }
      if (check) assert.deepEqual(shapeOf(folder), shapeOf(alone));
    });
  }

  await t.test('connections that sign in, each by its own number', async (t) => {
    const seen = await startSignInServer(t);
    const folder = newFolder(t);
    const ended = await connrig(t, [
      ...['run', `${seen.url}/chat?n={n}`, '--connections', `${COUNT}`, '--levels', '1', ...overFleet, '--out', folder],
      ...['--header', 'Authorization: Bearer secret-{n}', '--subprotocol', SUBPROTOCOL, '--send-on-open', 'I am {n}'],
      ...['--expect', '"ok"'],
    ]);
    assertWentThrough(ended);
    assertNumbered(seen);
    const [end] = ofType(readSamples(folder), 'leg-end');
    assert.equal(end!.progress.outcomes.open, end!.progress.counts.attempts);
  });

  for (const worker of workers) await endWorker(worker);
});

/** Nobody else had the same number at the same time. */
function assertNumbered({ most, twice, open, paths, hellos }: Awaited<ReturnType<typeof startSignInServer>>): void {
  assert.deepEqual([most, twice, open.size], [COUNT, [], 0]);
  for (let n = 1; n <= COUNT; n++) assert.ok(paths.has(`/chat?n=${n}`) && hellos.has(`I am ${n}`), `${n}`);
}

function checkSums(samples: readonly Sample[], legs: number): void {
  assert.ok(holdsOf(samples).length >= legs);
  for (const { level, protocol, progress, readings } of holdsOf(samples)) {
    assert.equal(progress.counts.open, level);
    const census = readings.runtime?.census;
    const open = Object.entries(census ?? {}).filter(
      ([scheme]) => scheme.startsWith(protocol) || SECURED[protocol] === scheme,
    );
    assert.equal(
      open.reduce((sum, [, { open }]) => sum + open, 0),
      level,
      'by the count of the server',
    );
  }
  const ends = ofType(samples, 'leg-end');
  assert.equal(ends.length, legs);
  for (const { progress } of ends) {
    const { counts, outcomes, openPlanned, closeReasons } = progress;
    assert.deepEqual([counts.open, counts.opening, counts.failed], [0, 0, 0]);
    assert.equal(outcomes.open, counts.attempts);
    const cameBack = ofType(samples, 'storm').reduce((sum, { back }) => sum + back, 0);
    assert.equal(countOf(openPlanned) + cameBack, counts.attempts, 'each open has its time');
    assert.equal(closeReasons['by-us'], counts.attempts, JSON.stringify(closeReasons));
  }
}

const SECURED: Readonly<Record<string, string>> = { tcp: 'tls', ws: 'wss', http: 'https', sse: 'sses' };

/** What is told of shares, and what meters read, which differs from time to time. */
const OF_A_FLEET = /\.(readings|shares|residuals)\b/;

/** Which kinds of samples and events a record has, and which figures these have that one process has, too. */
function shapeOf(folder: string): string[] {
  const shape = new Set<string>();
  const add = (path: string, value: unknown): void => {
    if (value === null || value === undefined || OF_A_FLEET.test(path)) return;
    if (Array.isArray(value) || typeof value !== 'object') shape.add(path);
    else for (const [name, inner] of Object.entries(value)) add(`${path}.${name}`, inner);
  };
  for (const file of ['samples.jsonl', 'events.jsonl']) {
    for (const line of readFileSync(join(folder, file), 'utf8').trim().split('\n')) {
      const said = JSON.parse(line);
      if (said.type !== 'tick' && said.type !== 'warning') add(`${said.type} ${said.phase ?? ''}`, said);
    }
  }
  return [...shape].sort();
}
