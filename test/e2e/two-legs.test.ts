/** Two legs of one protocol in one run: each has its own name, cost, metrics and limits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Summary } from '../../core/schemas/summary.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import {
  assertFailed,
  connrig,
  ENTRY,
  foldedLegs,
  HASTY,
  newFolder,
  readRunJson,
  startConnrig,
} from '../support/connrig.ts';
import { samplesIn } from '../support/scrape.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 240_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const NAMES = ['ws', 'ws-2'];

/** Two servers of the rig's at ports of their own, started by one command. */
async function startableServers(): Promise<{ urls: string[]; command: string }> {
  const first = await freePorts('127.0.0.1', 2, ephemeralRange());
  const serve = (port: number): string =>
    `${process.execPath} ${ENTRY} serve --admin-port auto --protocol ws --ws-port ${port}`;
  return {
    urls: [`ws://127.0.0.1:${first}`, `ws://127.0.0.1:${first + 1}`],
    command: `${serve(first)} & exec ${serve(first + 1)}`,
  };
}

describe('two URLs of one protocol', () => {
  it('are two legs, told apart in the summary, the report, the metrics and by --fail-if', TIMEOUT, async (t) => {
    const { urls, command } = await startableServers();
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', ...urls, '--command', command, '--connections', '1200', '--levels', '6', ...HASTY, '--json'],
      ...['--fail-if', 'ws.peakOpen < 1200', '--fail-if', 'ws-2.peakOpen > 1199', '--memory-limit', '1GiB'],
      ...['--metrics', '0', '--linger', '60s', '--out', folder],
    ]);
    const url = await eventually(
      () => /^metrics stay at (http:\S+)/m.exec(run.stderr())?.[1],
      'the run to be over',
      150_000,
    );
    const pages = [samplesIn(await (await fetch(url)).text()), samplesIn(await (await fetch(url)).text())];
    const ended = await run.ended;
    assertFailed(ended, 5, 'ETHRESHOLD', /a threshold was crossed: ws-2\.peakOpen > 1199/);

    const { plan, target } = readRunJson(folder);
    assert.deepEqual(
      plan.legs.map(({ name, protocol, url: to }) => [name, protocol, to]),
      NAMES.map((name, i) => [name, 'ws', urls[i]]),
    );
    assert.deepEqual(target.urls, urls);
    const summary = Summary.parse(JSON.parse(ended.stdout));
    assert.deepEqual(
      summary.legs.map(({ name, protocol, peakOpen }) => [name, protocol, peakOpen]),
      NAMES.map((name) => [name, 'ws', 1200]),
    );
    for (const { perConnection } of foldedLegs(folder)) assert.ok(perConnection?.user, 'a cost of its own');
    assert.deepEqual([...new Set(summary.limiters.map(({ leg }) => leg))].sort(), NAMES);
    // On a machine that is busy with other things a leg may be inconclusive.
    const known = summary.legs.filter(({ inconclusive }) => inconclusive === null).map(({ name }) => name);
    assert.deepEqual([...new Set(summary.forecast.map(({ leg }) => leg))].sort(), known);
    for (const [i, page] of pages.entries()) {
      for (const name of NAMES) {
        const labels = `protocol="ws",leg="${name}"`;
        assert.equal(page.get(`connrig_connections_planned{${labels}}`), 1200, `page ${i}`);
        assert.equal(page.get(`connrig_memory_points_total{${labels}}`), 6, `page ${i}`);
      }
    }

    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    assert.match(report, /\|\s*\| ws \| ws-2 \|/);
    assert.match(report, /^ws-2: memory by level/m);
    assert.match(report, /WebSockets? \\?\(ws-2/);
    assert.match(report, /charts\/memory-ws-2\.svg/);
    const csv = readFileSync(join(folder, 'levels.csv'), 'utf8').trimEnd().split('\n');
    const legAt = csv[0]!.split(',').indexOf('leg');
    assert.deepEqual(
      csv.slice(1).map((line) => line.split(',')[legAt]),
      NAMES.flatMap((name) => Array(6).fill(name)),
    );

    const compared = await connrig(t, ['compare', folder, folder]);
    assert.match(compared.stdout, /B, ws-2: no difference shown/);
  });
});
