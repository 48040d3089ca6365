/** Servers that leave exactly so much behind for each connection that closes: what replacing them shows must be that. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { plain } from '../../report/words/phrase.ts';
import { verdictOf } from '../../report/words/verdict.ts';
import { sourceOf } from '../support/compiled.ts';
import { assertWentThrough, connrig, newFolder, reportOn } from '../support/connrig.ts';

const TIMEOUT = { timeout: 240_000 };
const LEFT_BYTES = 512;
const HELD_BYTES = 8192;
const CONNECTIONS = 300;

describe('while connections are replaced, a server', { concurrency: true }, () => {
  for (const [protocol, left, engine] of [
    ['tcp', LEFT_BYTES, 'auto'],
    ['ws', LEFT_BYTES, 'node'],
    ['http', 0, 'auto'],
  ] as const) {
    it(`of ${protocol} that leaves ${left} B for each, by the engine ${engine}`, TIMEOUT, async (t) => {
      const { leg, sentence } = await measured(t, protocol, left, engine);
      const churn = leg.churn!;
      const context = `${sentence}\n${JSON.stringify(churn)}`;
      assert.ok(churn.replaced >= 100 && churn.failed === 0 && churn.lost === 0, context);
      const { low, high, bytes } = churn.driftPerTurnover!;
      assert.ok(low <= left && left <= high, context);
      if (left === 0) {
        assert.ok(low <= 0 && high - bytes < LEFT_BYTES, context);
        assert.doesNotMatch(sentence, /leak/);
      } else {
        assert.ok(low > 0, context);
        assert.match(sentence, /each connection that is replaced leaves \d+ B .*: a leak/);
      }
    });
  }

  it('that leaks is found out over a soak, too, which goes on as long as was asked', TIMEOUT, async (t) => {
    const { leg, sentence } = await measured(t, 'tcp', LEFT_BYTES, 'auto', [
      '--levels',
      '3',
      '--churn-for',
      '500ms',
      '--soak',
      '4s',
    ]);
    const { soak, churn } = leg;
    const context = `${sentence}\n${JSON.stringify({ soak, churn })}`;
    assert.deepEqual(
      churn!.levels.map(({ open }) => open),
      [100, 200, CONNECTIONS],
    );
    // Without what those that were replaced have left, it is known to the byte.
    const left = leg.levels.map(({ bytes: { user } }, i) => user! - (i + 1) * 100 * HELD_BYTES);
    assert.ok(left[0]! <= left[1]! && left[1]! <= left[2]! && (left[2]! - left[0]!) % LEFT_BYTES === 0, context);
    assert.ok(soak!.heldMs >= 4000 && soak!.open === CONNECTIONS && soak!.readings >= 5, context);
    assert.ok(churn!.driftPerTurnover!.low > 0, context);
    assert.ok(churn!.driftPerTurnover!.low <= LEFT_BYTES && churn!.driftPerTurnover!.high >= LEFT_BYTES, context);
    assert.ok(soak!.driftPerHour!.low > 0, context);
    assert.ok(soak!.lastUserBytes! > soak!.firstUserBytes!, context);
  });
});

async function measured(
  t: TestContext,
  protocol: 'tcp' | 'ws' | 'http',
  left: number,
  engine: string,
  more: readonly string[] = ['--levels', '1', '--churn-for', '3s'],
): Promise<{ leg: LegSummary; sentence: string }> {
  const server = spawn(process.execPath, [sourceOf('known-answer/turnover.mjs'), protocol, String(left)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => server.kill('SIGKILL'));
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const [port, metrics] = String(said).trim().split(' ');
  const folder = newFolder(t);
  const ended = await connrig(t, [
    ...['run', `${protocol}://127.0.0.1:${port}/`, '--exporter', `http://127.0.0.1:${metrics}/metrics`],
    ...['--connections', String(CONNECTIONS), '--rate', '5k/s', '--engine', engine, '--quiet'],
    ...['--behaviour', 'churn:100%/s', '--settle-timeout', '0s', '--out', folder, ...more],
  ]);
  if (ended.code !== 7) assertWentThrough(ended);
  const summary = await reportOn(t, folder);
  return { leg: summary.legs[0]!, sentence: verdictOf(summary).map(plain).join(' ') };
}
