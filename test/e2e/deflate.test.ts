/** What compressed messages cost a server, and what is said of one that declines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/leg-summary.ts';
import { assertWentThrough, connrig, HASTY, newFolder, readRunFile, reportOn } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const TIMEOUT = { timeout: 240_000 };
/** Each connection talks several times before it is measured, of more than `ws` leaves uncompressed (1,024 B). */
const TALK = ['--levels', '100,200,300', '--behaviour', 'echo:600/s:4KiB'];
/** A compressor of zlib's takes 256 KiB, what inflates some 40; a WebSocket without either takes a tenth of this. */
const LEAST_BYTES = 150_000;

describe('per-message deflate', TIMEOUT, () => {
  async function measured(t: TestContext, how: string, engine: string): Promise<LegSummary> {
    const folder = newFolder(t);
    const options = ['--protocol', 'ws', '--per-message-deflate', how, '--engine', engine, '--settle-timeout', '1s'];
    assertWentThrough(await connrig(t, ['run', ...options, ...TALK, '--out', folder]));
    assert.equal(readRunFile(folder).config['perMessageDeflate'], how);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), new RegExp(`Per-message deflate: ${how}`));
    const { legs, warnings } = await reportOn(t, folder);
    assert.ok(!warnings.some((text) => text.includes('permessage-deflate')), warnings.join('\n'));
    const [leg] = legs;
    assert.ok(leg?.rtt?.p50Ms && leg.rtt.messagesPerSecond > 100, 'round trips were measured');
    assert.equal(leg.rtt.lostReplies, 0);
    return leg;
  }
  const userBytes = ({ perConnection }: LegSummary): number => perConnection!.user!.bytes;

  it('shows in what a connection costs our server, on both engines', TIMEOUT, async (t) => {
    const off = userBytes(await measured(t, 'off', 'epoll'));
    const on = userBytes(await measured(t, 'on', 'epoll'));
    const stateless = userBytes(await measured(t, 'no-context-takeover', 'node'));
    assert.ok(on > off + LEAST_BYTES, `${off} B without, ${on} B with`);
    assert.ok(stateless > off + LEAST_BYTES, `${off} B without, ${stateless} B with, without context takeover`);
  });

  /** @returns on which connections deflate was declined, as the one warning of it says */
  async function declinedOn(t: TestContext, perMessageDeflate: false | 'by turns'): Promise<string> {
    const server = await startEcho('ws', { perMessageDeflate });
    t.after(() => server.close());
    const folder = newFolder(t);
    const options = ['--per-message-deflate', 'on', '--levels', '10,20,30', '--pid', String(server.pid), ...HASTY];
    const ended = await connrig(t, ['run', server.url, ...options, '--out', folder]);
    assertWentThrough(ended);
    const { warnings } = await reportOn(t, folder);
    const told = warnings.filter((text) => text.includes('the server declined permessage-deflate'));
    assert.equal(told.length, 1, warnings.join('\n'));
    assert.ok(ended.stderr.includes(told[0]!), ended.stderr);
    const [, whose] =
      /declined permessage-deflate on (.+): what compression costs there wasn't measured/.exec(told[0]!) ?? [];
    assert.ok(whose, told[0]);
    return whose;
  }

  it('that a server declines is a warning, once', TIMEOUT, async (t) => {
    assert.equal(await declinedOn(t, false), 'every connection');
  });

  it('that a server declines here and there is a warning that says how often', TIMEOUT, async (t) => {
    const whose = await declinedOn(t, 'by turns');
    const [, declined = Number.NaN, opened = Number.NaN] =
      /^(\d+) of (\d+) connections$/.exec(whose)?.map(Number) ?? [];
    // The one look at the target before the run may have had a turn too.
    assert.ok(opened >= 30 && Math.abs(2 * declined - opened) <= 1, whose);
  });
});
