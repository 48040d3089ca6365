/** `--protocol http` and http:// URLs, from the command line to the summary. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  foldedLegs,
  HASTY,
  newFolder,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { OK, withHttp } from '../support/http-peer.ts';
import { samplesIn } from '../support/scrape.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 180_000 };
const HOW = ['--rate', '2k/s', '--talk', '1s', '--quiet', ...HASTY];
const LEVELS = ['--levels', '300,600,900,1200,1500', ...HOW];
const ONE = ['--connections', '60', '--levels', '1', ...HOW];

const only = ({ legs }: Summary): LegSummary => {
  assert.deepEqual([legs.length, legs[0]!.protocol], [1, 'http']);
  return legs[0]!;
};

describe('http against the built-in server', () => {
  for (const engine of ['node', process.platform === 'linux' ? 'epoll' : 'node']) {
    it(`holds connections and times requests, with the ${engine} engine`, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      const args = ['run', '--protocol', 'http', '--engine', engine, '--behaviour', 'request:400/s', ...LEVELS];
      assertWentThrough(await connrig(t, [...args, '--out', folder]));
      const leg = only(await reportOn(t, folder));
      assert.deepEqual([leg.outcomes.open, leg.peakOpen], [leg.attempts, 1500]);
      const { user } = foldedLegs(folder)[0]!.perConnection!;
      for (const { open, censusOpen, rtt } of leg.levels) {
        assert.equal(censusOpen, open);
        const { statuses, lostReplies, messagesPerSecond, p50Ms, p99Ms } = rtt!;
        // A second of 400, and fewer where the client has no time for more.
        assert.ok(messagesPerSecond >= 100 && messagesPerSecond <= 440, `${messagesPerSecond}`);
        assert.ok(statuses!['2xx'] >= 100 && statuses!['2xx'] <= 450);
        assert.deepEqual([statuses!['3xx'], statuses!['4xx'], statuses!['5xx'], lostReplies], [0, 0, 0, 0]);
        assert.ok(p50Ms! > 0 && p50Ms! <= p99Ms!);
      }
      assert.equal(leg.levels.length, 5);
      assert.ok(user!.bytes > 1000 && user!.bytes < 20_000);
    });
  }

  it('says how many answers had a status that nobody wants, in the metrics too', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', '--protocol', 'http', '--behaviour', 'request:200/s:/nowhere', ...ONE, '--out', folder],
      ...['--metrics', '127.0.0.1:0', '--linger', '60s'],
    ]);
    const url = await eventually(
      () => /^metrics at (http:\S+)$/m.exec(run.stderr())?.[1],
      'the address of the metrics',
    );
    await eventually(() => /^metrics stay at/m.test(run.stderr()), 'the end', 120_000);
    const scrape = async (): Promise<Map<string, number>> => samplesIn(await (await fetch(url)).text());
    const page = await scrape();
    const of = (name: string, labels: string): number =>
      page.get(`connrig_${name}{protocol="http",leg="http"${labels}}`) ?? Number.NaN;
    await scrape();
    assertWentThrough(await run.ended);
    const summary = await reportOn(t, folder);
    const { rtt } = only(summary).levels.at(-1)!;
    assert.ok(rtt!.statuses!['4xx'] >= 150 && rtt!.statuses!['2xx'] === 0);
    const warning = `http: at 60 connections ${rtt!.statuses!['4xx']} answers had a status of 4xx or 5xx`;
    assert.ok(summary.warnings.includes(warning), summary.warnings.join('\n'));
    const fates = ['in-time', 'late', 'lost'].map((fate) => of('replies_total', `,fate="${fate}"`));
    assert.equal(of('messages_sent_total', ''), fates[0]! + fates[1]! + fates[2]!);
    assert.equal(of('responses_total', ',status="4xx"'), fates[0]! + fates[1]!);
    assert.deepEqual([of('responses_total', ',status="2xx"'), of('responses_total', ',status="5xx"')], [0, 0]);
    assert.equal(of('round_trip_duration_seconds_count', ''), fates[0]! + fates[1]!);
  });
});

describe('http against a server of its own kind', () => {
  it('that closes what rests: the run ends, and says what to do; heartbeats keep it', TIMEOUT, async (t) => {
    const timers = new WeakMap<Socket, NodeJS.Timeout>();
    const tired = (socket: Socket): void => {
      clearTimeout(timers.get(socket));
      timers.set(
        socket,
        setTimeout(() => socket.end(), 1500),
      );
      socket.write(OK);
    };
    await withHttp(tired, async ({ port }) => {
      const args = ['run', `http://127.0.0.1:${port}/`, ...ONE];
      const rest = ['--rest', '4s'];
      const ended = await connrig(t, [...args, ...rest, '--out', newFolder(t)]);
      const told =
        /: by-peer \(FIN\), each [12]\.\d s after it opened: it closes what rests — --behaviour heartbeat:(500ms|1s) /;
      assertFailed(ended, 4, 'EDROPPED', told);
      const folder = newFolder(t);
      assertWentThrough(await connrig(t, [...args, ...rest, '--behaviour', 'heartbeat:150ms', '--out', folder]));
      const { outcomes, levels } = only(await reportOn(t, folder));
      assert.deepEqual([levels.length, levels[0]!.open], [1, 60]);
      assert.ok(outcomes.open > 0);
    });
  });

  it('that stalls: round trips count from when requests were due', TIMEOUT, async (t) => {
    // 250 of every 1,000 ms it answers nobody: a quarter of what is due is late by up to that, half of it by 125 ms.
    const begunMs = performance.now();
    const isStalled = (): boolean => (performance.now() - begunMs) % 1000 < 250;
    const folder = newFolder(t);
    await withHttp(
      async (socket, nth) => {
        while (nth > 0 && isStalled()) await delay(5);
        socket.write(OK);
      },
      async ({ port }) => {
        const behaviour = ['--behaviour', 'request:100/s:/slow'];
        const levels = ['--connections', '4', '--levels', '1', ...HOW, '--talk', '2s'];
        assertWentThrough(
          await connrig(t, ['run', `http://127.0.0.1:${port}/first`, ...behaviour, ...levels, '--out', folder]),
        );
      },
    );
    const { rtt } = only(await reportOn(t, folder)).levels[0]!;
    assert.ok(rtt!.p50Ms! < 60, `half of all answered at once, ${rtt!.p50Ms} ms`);
    assert.ok(rtt!.p99Ms! > 150 && rtt!.p99Ms! < 400, `p99 ${rtt!.p99Ms} ms`);
    // With four connections that wait for answers, eight in 200 would know of the two stalls.
    const talks = readSamples(folder).flatMap((sample) =>
      sample.type === 'memory' && sample.talk ? [sample.talk] : [],
    );
    const p90Ms = quantileMs(talks[0]!.rttPlanned, 0.9)!;
    assert.ok(p90Ms > 60, `p90 ${p90Ms} ms`);
    assert.deepEqual([rtt!.lateReplies, rtt!.lostReplies], [0, 0]);
  });

  it('that refuses, or keeps no connection: the run ends, and says so', TIMEOUT, async (t) => {
    for (const [answer, code, sentence] of [
      [
        'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
        'EREJECTED',
        /the first request was refused \(HTTP 503 Service Unavailable\)/,
      ],
      [OK.replace('OK\r\n', 'OK\r\nConnection: close\r\n'), 'EHANDSHAKE', /keeps no connection open\) — curl -v http:/],
    ] as const) {
      await withHttp(
        (socket) => socket.write(answer),
        async ({ port }) => {
          const args = ['run', `http://127.0.0.1:${port}/`, '--connections', '20', '--quiet', '--out', newFolder(t)];
          const ended = await connrig(t, args);
          assertFailed(ended, 4, code, sentence);
        },
      );
    }
  });
});
