/** A server that admits one connection at a time, at a known pace: how long a storm takes must be what the server itself saw. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Summary } from '../../core/schemas/summary.ts';
import { plain } from '../../report/words/phrase.ts';
import { verdictOf } from '../../report/words/verdict.ts';
import { assertWentThrough, connrig, HASTY, newFolder, readSamples } from '../support/connrig.ts';
import { listenAtPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 240_000 };
const CONNECTIONS = 60;
const ADMIT_MS = 20;
const MANY = 10_000;
const AT_ONCE = 50;
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

interface Admitting {
  readonly port: number;
  /** When each was admitted, and when each that went had gone, in ms. */
  readonly admittedAtMs: number[];
  readonly wentAtMs: Record<'fin' | 'rst', number[]>;
}

/** Answers so many requests each 20 ms, in the order in which they came. */
async function admitting(t: TestContext, each = 1): Promise<Admitting> {
  const admittedAtMs: number[] = [];
  const wentAtMs = { fin: [] as number[], rst: [] as number[] };
  const waiting: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => wentAtMs.rst.push(performance.now()));
    socket.on('end', () => wentAtMs.fin.push(performance.now()));
    socket.once('data', () => waiting.push(socket));
  });
  const timer = setInterval(() => {
    for (const socket of waiting.splice(0, each)) {
      admittedAtMs.push(performance.now());
      socket.write(ANSWER);
    }
  }, ADMIT_MS);
  t.after(() => clearInterval(timer));
  const { port } = await listenAtPort(server);
  t.after(() => server.close());
  return { port, admittedAtMs, wentAtMs };
}

describe('a storm', () => {
  for (const [cut, engine] of [
    ['fin', 'auto'],
    ['rst', 'node'],
  ] as const) {
    it(
      `of connections that are cut by ${cut} is over when the server has admitted the last one (${engine})`,
      TIMEOUT,
      async (t) => {
        const { port, admittedAtMs, wentAtMs } = await admitting(t);
        const folder = newFolder(t);
        const ended = await connrig(t, [
          ...['run', `http://127.0.0.1:${port}/`, '--connections', String(CONNECTIONS), '--levels', '1'],
          ...['--behaviour', `storm:50%:${cut}:at-once`, '--engine', engine, '--out', folder, '--json', ...HASTY],
        ]);
        assertWentThrough(ended);
        const summary = Summary.parse(JSON.parse(ended.stdout));
        const storm = summary.legs[0]!.storm!;
        const context = JSON.stringify({ storm, admittedAtMs, wentAtMs });
        const half = CONNECTIONS / 2;
        const { level, back, notBack, failedMeanwhile } = storm;
        assert.deepEqual([level, storm.cut, back, notBack, failedMeanwhile], [CONNECTIONS, half, half, 0, 0], context);
        // By the server: those of the level, then half of them anew, one after the other from when the first was cut.
        const wholeAtMs = admittedAtMs.at(-half - 1)!;
        const cutAtMs = wentAtMs[cut].find((atMs) => atMs > wholeAtMs)!;
        const lastMs = admittedAtMs.at(-1)! - cutAtMs;
        assert.ok(storm.allBackMs! >= (half - 2) * ADMIT_MS, context);
        assert.ok(Math.abs(storm.allBackMs! - lastMs) <= 0.2 * lastMs + 200, `${lastMs} ms: ${context}`);
        assert.ok(storm.backP50Ms! < storm.backP99Ms! && storm.backP99Ms! <= storm.allBackMs! * 1.05, context);
        const sample = readSamples(folder).find(({ type }) => type === 'storm');
        assert.ok(sample?.type === 'storm' && sample.how === cut && sample.looks > 2, context);
        assert.match(verdictOf(summary).map(plain).join(' '), /all 30 that were cut were back within /);
      },
    );
  }

  it(
    'of 10,000 whose server admits 50 each 20 ms takes as long as that, and is more than it can do in time',
    TIMEOUT,
    async (t) => {
      const { port, admittedAtMs, wentAtMs } = await admitting(t, AT_ONCE);
      const folder = newFolder(t);
      const ended = await connrig(t, [
        ...['run', `http://127.0.0.1:${port}/`, '--connections', String(MANY), '--levels', '1', '--rate', '5k/s'],
        ...['--behaviour', 'storm:100%:rst:at-once', '--open-timeout', '60s', '--out', folder, '--json', ...HASTY],
      ]);
      assertWentThrough(ended);
      const storm = Summary.parse(JSON.parse(ended.stdout)).legs[0]!.storm!;
      const context = JSON.stringify(storm);
      assert.deepEqual([storm.cut, storm.back, storm.notBack], [MANY, MANY, 0], context);
      const { attempts, losses } = storm.failures!;
      assert.ok(
        [attempts, losses].flatMap(Object.values).every((times) => times === 0),
        context,
      );
      // By the server: all of them anew, the last one so long after the first was cut.
      const wholeAtMs = admittedAtMs.at(-MANY - 1)!;
      const lastMs = admittedAtMs.at(-1)! - wentAtMs.rst.find((atMs) => atMs > wholeAtMs)!;
      assert.ok(storm.allBackMs! >= (MANY / AT_ONCE - 2) * ADMIT_MS, context);
      assert.ok(Math.abs(storm.allBackMs! - lastMs) <= 0.1 * lastMs + 200, `${lastMs} ms: ${context}`);
      // No more than 2,500 a second are admitted; of those that begin in one, so, no more than 5,000 in time.
      const { withinMs, heldPerSecond, missedPerSecond } = storm.pace!;
      assert.ok(withinMs === 1000 && (heldPerSecond ?? 0) <= 5100, context);
      assert.ok(missedPerSecond === null || missedPerSecond > (heldPerSecond ?? 0), context);
      assert.ok(storm.stages?.connecting && storm.stages.handshaking && storm.stages.securing === null, context);
      const sample = readSamples(folder).find(({ type }) => type === 'storm');
      assert.ok(sample?.type === 'storm' && sample.paces!.reduce((sum, { begun }) => sum + begun, 0) === MANY, context);
      if (storm.kernel) assert.ok(storm.kernel.peakBytes > 2 * MANY * 1000, context);
    },
  );

  it('whose server takes nobody back is over in time, and tells how many were not', TIMEOUT, async (t) => {
    let [open, isWhole, isClosed] = [0, false, false];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (isClosed) {
        socket.destroy();
        return;
      }
      socket.once('data', () => {
        socket.write(ANSWER);
        isWhole ||= ++open === CONNECTIONS;
      });
      socket.on('close', () => {
        open -= 1;
        isClosed = isWhole;
      });
    });
    const { port } = await listenAtPort(server);
    t.after(() => server.close());
    const folder = newFolder(t);
    const ended = await connrig(t, [
      ...[
        'run',
        `http://127.0.0.1:${port}/`,
        '--connections',
        String(CONNECTIONS),
        '--levels',
        '1',
        '--open-timeout',
        '1s',
      ],
      ...['--behaviour', 'storm:100%:fixed:1s', '--out', folder, ...HASTY],
    ]);
    assert.notEqual(ended.code, 0);
    const sample = readSamples(folder).find(({ type }) => type === 'storm');
    assert.ok(
      sample?.type === 'storm' && sample.cut === CONNECTIONS && sample.back < CONNECTIONS,
      JSON.stringify(sample),
    );
    assert.ok(sample.failedMeanwhile > 0 && sample.retries > 0, JSON.stringify(sample));
    const { attempts, losses } = sample.failures!;
    const failed = [attempts, losses].flatMap((counts) => Object.values(counts)).reduce((sum, times) => sum + times, 0);
    assert.ok(failed > 0 && failed <= sample.failedMeanwhile, JSON.stringify(sample));
    assert.ok((attempts['closed-early'] ?? 0) + (attempts.reset ?? 0) > 0, JSON.stringify(sample));
  });
});
