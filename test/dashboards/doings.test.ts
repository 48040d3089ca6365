/**
 * Runs in which something befalls connections, one of each kind, at the same time: their metrics say what their folders say. A real
 * Prometheus scrapes them, and every query and alert about it answers by those folders, too.
 */
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DoingNow } from '../../core/schemas/doing-now.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { EXIT } from '../../core/values/errors.ts';
import * as doings from '../../dashboards/grafana/queries/doings.ts';
import type { Query } from '../../dashboards/grafana/query.ts';
import { ALERTS } from '../../dashboards/prometheus/alerts.ts';
import { sourceOf } from '../support/compiled.ts';
import { HASTY, newFolder, type Started, startConnrig } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { freePort, type RunningPrometheus, startPrometheus } from '../support/prometheus.ts';
import { samplesIn } from '../support/scrape.ts';
import { askPrometheus, Findings } from './asking.ts';
import {
  CHURN_CHECKS,
  cameOf,
  FAN_OUT_CHECKS,
  OF_DOINGS,
  RATES_OVER_SECONDS,
  SLOW_CHECKS,
  STORM_CHECKS,
  sampleOf,
  VANISHED_CHECKS,
} from './doings-checks.ts';
import { type Check, type Facts, factsOf, ticksOf } from './facts.ts';
import { asTruth } from './rule-checks.ts';
import { RULES_MS } from './scene.ts';

const skip = process.platform === 'linux' ? needs('prometheus') : 'needs /proc';
type Kind = 'storm' | 'slow' | 'churn' | 'vanish' | 'broadcast';

/** Long enough for several scrapes, a second apart. */
const PLANS: Readonly<Record<Kind, readonly string[]>> = {
  storm: ['--connections', '200', '--behaviour', 'storm:50%:fixed:12s'],
  slow: ['--connections', '100', '--behaviour', 'slow:20%+echo:1k/s:4KiB', '--slow-for', '6s', '--talk', '1s'],
  churn: ['--connections', '200', '--behaviour', 'churn:50%/s', '--churn-for', '3s'],
  vanish: ['--connections', '50', '--behaviour', 'vanish:40%', '--vanish-for', '16s'],
  broadcast: ['--connections', '50', '--behaviour', 'broadcast:20/s:256B:60s', '--talk', '4s'],
};
const CHECKS: Readonly<Record<Kind, readonly [queries: Record<string, Query>, checks: Record<string, Check>]>> = {
  storm: [doings.STORMS, STORM_CHECKS],
  slow: [doings.SLOW_READERS, SLOW_CHECKS],
  churn: [doings.TURNOVER, CHURN_CHECKS],
  vanish: [doings.VANISHED, VANISHED_CHECKS],
  broadcast: [doings.FAN_OUT, FAN_OUT_CHECKS],
};
const KINDS = Object.keys(PLANS) as Kind[];
type Page = Map<string, number>;

interface Scraped {
  readonly facts: Facts;
  /** As they were scraped here, in order. */
  readonly pages: readonly Page[];
}

describe('dashboards and metrics of what befalls connections', { skip }, () => {
  const scraped = {} as Record<Kind, Scraped>;
  let prometheus: RunningPrometheus;
  const cleanups: Array<() => unknown> = [];
  before(
    async () => {
      const t = { after: (cleanup: () => unknown) => cleanups.unshift(cleanup) } as unknown as TestContext;
      const hosts = await Promise.all(KINDS.map(async () => `127.0.0.1:${await freePort()}`));
      const nobody = `127.0.0.1:${await freePort()}`;
      prometheus = await startPrometheus(t, {
        'connrig-run': hosts,
        'connrig-serve': nobody,
        'connrig-meter': nobody,
      });
      await Promise.all(
        KINDS.map(async (kind, i) => {
          scraped[kind] = await runOf(t, kind, hosts[i]!);
        }),
      );
      await delay(RULES_MS);
    },
    { timeout: 300_000 },
  );
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  for (const kind of KINDS) {
    it(`${kind}: every query of its row`, async () => {
      const findings = new Findings();
      const [queries, checks] = CHECKS[kind];
      const { facts } = scraped[kind];
      for (const [key, query] of Object.entries(queries)) {
        const answer = await askPrometheus(prometheus, query, [facts], { $__rate_interval: `${RATES_OVER_SECONDS}s` });
        findings.about(`${kind}.${key}`, () => checks[key]!(answer, facts));
      }
      findings.assertNone();
    });
  }

  const seriesOf = (page: Page, name: string, more = ''): number | undefined =>
    page.get(`connrig_${name}{protocol="ws",leg="ws"${more}}`);
  const lastOf = (kind: Kind, name: string, more = ''): number | undefined =>
    seriesOf(scraped[kind].pages.at(-1)!, name, more);
  /** All that ticks of a run say of what befalls its connections. */
  const ticked = <K extends keyof DoingNow>(kind: Kind, what: K): NonNullable<DoingNow[K]>[] =>
    ticksOf(scraped[kind].facts).flatMap((tick) => (tick[what] ? [tick[what] as NonNullable<DoingNow[K]>] : []));

  it('counters end as the record has them, and ticks had them on the way', () => {
    const { cut, back, retries, heldBack, admission } = sampleOf(scraped.storm.facts, 'storm');
    assert.deepEqual(
      ['cut', 'back', 'retries', 'held_back'].map((name) => lastOf('storm', `storm_${name}_total`)),
      [cut, back, retries, heldBack],
    );
    assert.deepEqual(
      ['back', 'admission'].map((name) => lastOf('storm', `storm_${name}_seconds_count`)),
      [back, admission.reduce((sum, [, count]) => sum + count, 0)],
    );
    const away = ticked('storm', 'storm');
    assert.ok(away.some((now) => now.cut === cut && now.back === 0) && away.every((now) => now.back <= back));

    const slow = sampleOf(scraped.slow.facts, 'slow');
    assert.equal(lastOf('slow', 'slow_messages_held_back_total'), slow.heldBack);
    assert.equal(lastOf('slow', 'slow_connections'), 0);
    const queued = ticked('slow', 'slow');
    assert.ok(queued.some((now) => now.slow === slow.slow && (now.queuedBytes?.client ?? 0) > 0));

    const [span] = scraped.churn.facts.samples.filter((sample) => sample.type === 'churn');
    // They go on being replaced while memory is read, beyond the stretch that is counted.
    assert.ok(lastOf('churn', 'replacements_total')! >= span!.replaced);
    assert.ok(ticked('churn', 'churn').at(-1)!.replaced >= span!.replaced);

    const { expected, reached, late } = sampleOf(scraped.broadcast.facts, 'broadcast');
    assert.deepEqual(
      ['in-time', 'late'].map((fate) => lastOf('broadcast', 'deliveries_total', `,fate="${fate}"`)),
      [reached, late],
    );
    assert.equal(lastOf('broadcast', 'delivery_seconds_count'), reached + late);
    assert.deepEqual(ticked('broadcast', 'broadcast').at(-1), { expected, reached, late });

    const { vanished, noticed } = cameOf(scraped.vanish.facts, 'vanish');
    assert.ok(vanished > noticed && noticed > 0, `${noticed} of ${vanished}`);
    const held = ticked('vanish', 'vanished');
    assert.ok(held.some((now) => now.held === vanished) && held.at(-1)!.held! >= vanished - noticed);
  });

  it('what grows is never taken back', () => {
    for (const kind of KINDS) {
      const { pages } = scraped[kind];
      assert.ok(pages.length > 10, kind);
      for (const [i, page] of pages.entries()) {
        for (const [name, value] of page) {
          if (!/^connrig_(storm|slow|replacements|deliver)\w+_(total|count)\{/.test(name)) continue;
          assert.ok(value >= (pages[i - 1]?.get(name) ?? 0), name);
        }
      }
    }
  });

  it('every alert about it looks at something, and is there where it is due', async () => {
    const facts = KINDS.map((kind) => scraped[kind].facts);
    const from = Math.min(...facts.map(({ startedAt }) => startedAt));
    const to = Math.max(...facts.map(({ knownAt }) => knownAt)) + RULES_MS / 1000;
    const due = new Map([
      ['ConnrigVanishedPeersHeld', true],
      ['ConnrigStormAway', false],
      ['ConnrigStormNotBack', false],
      ['ConnrigDeliveriesMissing', false],
    ]);
    for (const { alert, expr } of ALERTS.rules.filter((rule) => OF_DOINGS.has(rule.alert))) {
      const truth = await prometheus.between(asTruth(expr.text), from, to);
      assert.ok(truth.length > 0, `what ${alert} looks at`);
      const fired = await prometheus.between(`ALERTS{alertname="${alert}",alertstate="firing"}`, from, to);
      if (due.has(alert)) assert.equal(fired.length > 0, due.get(alert), alert);
    }
  });
});

/** One that is scraped until it is over; `--linger` waits for that. */
async function runOf(t: TestContext, kind: Kind, host: string): Promise<Scraped> {
  const folder = newFolder(t);
  const started = startConnrig(
    t,
    [
      ...['run', ...(await targetOf(t, kind)), '--levels', '1', '--name', kind, ...HASTY, ...PLANS[kind]],
      ...['--metrics', host, '--linger', '60s', '--quiet', '--out', folder],
    ],
    { deadlineMs: 200_000 },
  );
  const pages = await pagesOf(started, `http://${host}/metrics`);
  const ended = await started.ended;
  // What one more costs isn't asked here, nor whether this machine was too busy for the client.
  assert.ok(
    [EXIT.done, EXIT.inconclusive, EXIT.invalid].some((code) => code === ended.code),
    ended.stderr,
  );
  const summary = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
  return { facts: { ...factsOf(folder, summary), scrapedAt: [] }, pages };
}

async function pagesOf(started: Started, url: string): Promise<Page[]> {
  const pages: Page[] = [];
  while (started.child.exitCode === null && started.child.signalCode === null) {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    if (text.includes('connrig_run_phase') || pages.length > 0) if (text !== '') pages.push(samplesIn(text));
    await delay(400);
  }
  return pages;
}

/** Where nothing else is needed, our own server. */
async function targetOf(t: TestContext, kind: Kind): Promise<string[]> {
  if (kind === 'churn') return leavingTarget(t);
  return kind === 'vanish' ? noticingTarget(t) : ['--protocol', 'ws'];
}

/** It leaves 512 bytes for each connection that has gone. */
async function leavingTarget(t: TestContext): Promise<string[]> {
  const child = spawn(process.execPath, [sourceOf('known-answer/turnover.mjs'), 'ws', '512'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const [port, metrics] = String(said).trim().split(' ');
  return [`ws://127.0.0.1:${port}/`, '--exporter', `http://127.0.0.1:${metrics}/metrics`];
}

/** It pings half of its peers, and notices those after two seconds; the others it has for ever. */
async function noticingTarget(t: TestContext): Promise<string[]> {
  const entry = fileURLToPath(new URL('../support/notice-process.js', import.meta.url));
  const child = fork(entry, ['500', '8000', 'ping,never'], { execArgv: [] });
  t.after(() => child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return [`ws://127.0.0.1:${port}/`, '--pid', String(child.pid)];
}
