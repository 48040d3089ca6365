/** What compressed messages cost a server, and what is said of one that declines. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import {
  assertWentThrough,
  connrig,
  foldedLegs,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  reportOn,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const TIMEOUT = { timeout: 240_000 };
/** Each connection talks several times before it is measured, of more than `ws` leaves uncompressed (1,024 B). */
const TALK = ['--levels', '100,200,300,400,500', '--behaviour', 'echo:400/s:4KiB', '--talk', '1s'];
const SWEEP = fileURLToPath(new URL('../../scripts/sweep.js', import.meta.url));
/** A compressor of zlib's takes 256 KiB, what inflates some 40; a WebSocket without either takes a tenth of this. */
const LEAST_BYTES = 150_000;

describe('per-message deflate', TIMEOUT, () => {
  it('shows in what a connection costs our server, on both engines, in a sweep over it', TIMEOUT, async (t) => {
    const there = dirname(newFolder(t));
    const [plan, folder] = [join(there, 'sweep.yaml'), join(there, 'cells')];
    writeFileSync(
      plan,
      `run: [--protocol, ws, --settle-timeout, 300ms, ${TALK.map((word) => `'${word}'`).join(', ')}]
vary:
  deflate:
    off: [--per-message-deflate, off, --engine, epoll]
    on: [--per-message-deflate, on, --engine, epoll]
    no-context-takeover: [--per-message-deflate, no-context-takeover, --engine, node]
`,
    );
    const { status, stderr } = spawnSync(process.execPath, [SWEEP, plan, folder], { encoding: 'utf8', cwd: there });
    // A client that a busy machine made late is a cell that failed; what it measured is there all the same.
    assert.ok(status === 0 || /EGENERATOR|EINCONCLUSIVE/.test(stderr), stderr);
    const userBytes = async (how: string): Promise<number> => {
      const cell = join(folder, `deflate-${how}`);
      await measured(t, how, cell);
      return foldedLegs(cell)[0]!.perConnection!.user!.bytes;
    };
    const [off, on] = [await userBytes('off'), await userBytes('on')];
    const stateless = await userBytes('no-context-takeover');
    assert.ok(on > off + LEAST_BYTES, `${off} B without, ${on} B with`);
    assert.ok(stateless > off + LEAST_BYTES, `${off} B without, ${stateless} B with, without context takeover`);
    if (status !== 0) return;
    const { warnings } = JSON.parse(readFileSync(join(folder, 'compare.json'), 'utf8')) as { warnings: string[] };
    const told = warnings.filter((text) => text.startsWith('Per-message deflate: '));
    assert.deepEqual(
      told,
      ['Per-message deflate: A has off; B has on; C has no-context-takeover'],
      warnings.join('\n'),
    );
  });

  async function measured(t: TestContext, how: string, folder: string): Promise<LegSummary> {
    assert.equal(readRunJson(folder).config['perMessageDeflate'], how);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), new RegExp(`Per-message deflate: ${how}`));
    const { legs, warnings } = await reportOn(t, folder);
    assert.ok(!warnings.some((text) => text.includes('permessage-deflate')), warnings.join('\n'));
    const [leg] = legs;
    assert.ok(leg?.rtt?.p50Ms && leg.rtt.messagesPerSecond > 100, 'round trips were measured');
    assert.equal(leg.rtt.lostReplies, 0);
    return leg;
  }

  /** @returns on which connections deflate was declined, as the one warning of it says */
  async function declinedOn(t: TestContext, perMessageDeflate: false | 'by turns'): Promise<string> {
    const server = await startEcho('ws', { perMessageDeflate });
    t.after(() => server.close());
    const folder = newFolder(t);
    const options = ['--per-message-deflate', 'on', '--pid', String(server.pid), ...ONE_LEVEL];
    const ended = await connrig(t, ['run', server.url, ...options, '--out', folder]);
    assertWentThrough(ended);
    const { warnings } = await reportOn(t, folder);
    const told = warnings.filter((text) => text.includes('the server declined permessage-deflate'));
    assert.equal(told.length, 1, warnings.join('\n'));
    assert.ok(ended.stdout.includes(`warning: ${told[0]}`), ended.stdout);
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
    assert.ok(opened >= 20 && Math.abs(2 * declined - opened) <= 1, whose);
  });
});
