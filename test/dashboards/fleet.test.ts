/**
 * A run over workers of a fleet, one of which is killed: its record, report and metrics tell of each worker. A real Prometheus
 * scrapes it, and every query and alert about it answers by its folder, too.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Summary } from '../../core/schemas/summary.ts';
import { FLEET } from '../../dashboards/grafana/queries/fleet.ts';
import { ALERTS } from '../../dashboards/prometheus/alerts.ts';
import { assertWentThrough, newFolder, readSamples, startConnrig } from '../support/connrig.ts';
import { holdsShare, startFleetWorker } from '../support/fleet-worker.ts';
import { needs } from '../support/needs.ts';
import { freePort, type RunningPrometheus, startPrometheus } from '../support/prometheus.ts';
import { startRedisServer } from '../support/redis.ts';
import { samplesIn } from '../support/scrape.ts';
import { eventually } from '../support/wait.ts';
import { askPrometheus, Findings } from './asking.ts';
import { type Facts, factsOf } from './facts.ts';
import { FLEET_CHECKS, FLEET_RATES_OVER_SECONDS, OF_FLEET } from './fleet-checks.ts';
import { asTruth } from './rule-checks.ts';
import { RULES_MS } from './scene.ts';

const skip = process.platform === 'linux' ? needs('prometheus', 'redis-server') : 'needs /proc';
const DEADLINE_MS = 100_000;
type Page = Map<string, number>;

describe('what is seen of a fleet', { skip }, () => {
  let prometheus: RunningPrometheus;
  let facts: Facts;
  /** While one share is lost, and when the run was over. */
  let [lost, last]: [Page, Page] = [new Map(), new Map()];
  let said = '';
  const cleanups: Array<() => unknown> = [];
  before(
    async () => {
      const t = { after: (cleanup: () => unknown) => cleanups.unshift(cleanup) } as unknown as TestContext;
      const host = `127.0.0.1:${await freePort()}`;
      const nobody = `127.0.0.1:${await freePort()}`;
      prometheus = await startPrometheus(t, {
        'connrig-run': host,
        'connrig-serve': nobody,
        'connrig-meter': nobody,
      });
      const { url } = await startRedisServer(t);
      const workers = [await startFleetWorker(t, url, 'one'), await startFleetWorker(t, url, 'two')];
      const folder = newFolder(t);
      const run = startConnrig(
        t,
        [
          ...[
            'run',
            '--fleet',
            url,
            '--fleet-workers',
            '2',
            '--protocol',
            'ws',
            '--connections',
            '600',
            '--levels',
            '3',
          ],
          ...['--rate', '200/s', '--rest', '3s', '--settle-timeout', '2s', '--metrics', host, '--linger', '60s'],
          ...['--name', 'fleet', '--out', folder],
        ],
        { deadlineMs: 280_000 },
      );
      const isWhole = () => readSamples(folder).some((sample) => sample.type === 'tick' && sample.counts.open === 200);
      await eventually(isWhole, 'the first level', DEADLINE_MS);
      const victim = workers.find(holdsShare)!;
      for (const pid of victim.processes()) process.kill(pid, 'SIGKILL');
      const scrape = async (): Promise<Page> =>
        samplesIn(await (await fetch(`http://${host}/metrics`).catch(() => new Response(''))).text());
      lost = await eventually(
        async () => {
          const page = await scrape();
          return page.get('connrig_fleet_shares{lease="unheard"}') === 1 ? page : undefined;
        },
        'a share that is not heard of',
        DEADLINE_MS,
      );
      const isFiring = async () =>
        (await prometheus.at('ALERTS{alertname="ConnrigSharesNotHeld",alertstate="firing"}', Date.now() / 1000)).length;
      await eventually(isFiring, 'the alert', DEADLINE_MS);
      await startFleetWorker(t, url, 'three');
      while (run.child.exitCode === null && run.child.signalCode === null) {
        const page = await scrape();
        if (page.size > 0) last = page;
        await delay(300);
      }
      const ended = await run.ended;
      assertWentThrough(ended);
      said = ended.stderr;
      const summary = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
      facts = { ...factsOf(folder, summary), scrapedAt: [] };
      await delay(RULES_MS);
    },
    { timeout: 300_000 },
  );
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  it('record and summary have what each worker opened and used', () => {
    const [host, ...others] = facts.summary.generator.hosts!;
    assert.deepEqual(others, [], 'all are on one machine');
    assert.equal(host!.workers, 3);
    assert.equal(host!.mostOpen, 600);
    assert.ok(host!.cpuSeconds > 0.1 && host!.rssBytes > 4e7, JSON.stringify(host));
    const end = facts.samples.find((sample) => sample.type === 'leg-end');
    assert.ok(end?.type === 'leg-end');
    assert.deepEqual(
      end.shares!.map(({ share, generation, lease }) => [share, lease, generation]).map(([, lease]) => lease),
      ['held', 'held'],
    );
    for (const sample of facts.samples)
      if (sample.type === 'memory' && sample.phase === 'hold') {
        const open = sample.shares!.reduce((sum, share) => sum + share.open, 0);
        assert.equal(open, sample.level);
      }
  });

  it('metrics tell of a share that nobody is heard of, and end as the record has it', () => {
    assert.equal(lost.get('connrig_fleet_shares{lease="held"}'), 1);
    const of = (page: Page, name: string): number =>
      [...page]
        .filter(([series]) => series.startsWith(`connrig_fleet_${name}{`))
        .reduce((sum, [, value]) => sum + value, 0);
    const host = facts.summary.generator.hosts![0]!;
    assert.equal(last.get('connrig_fleet_share_moves_total'), 1);
    assert.equal(of(last, 'connections_opened_total'), host.opened);
    assert.ok(Math.abs(of(last, 'cpu_seconds_total') - host.cpuSeconds) < 1e-6);
    assert.equal(of(last, 'connections_open'), 0, 'nobody has a share any more');
  });

  it('the console says which share was lost, and that it moved', () => {
    assert.match(said, /share \d of the fleet was lost with its worker/);
  });

  it('every query of its row', async () => {
    const findings = new Findings();
    for (const [key, query] of Object.entries(FLEET)) {
      const answer = await askPrometheus(prometheus, query, [facts], {
        $__rate_interval: `${FLEET_RATES_OVER_SECONDS}s`,
      });
      findings.about(key, () => FLEET_CHECKS[key as keyof typeof FLEET](answer, facts));
    }
    findings.assertNone();
  });

  it('the alert looks at something', async () => {
    const rules = ALERTS.rules.filter(({ alert }) => OF_FLEET.has(alert));
    assert.equal(rules.length, OF_FLEET.size);
    for (const { alert, expr } of rules) {
      const truth = await prometheus.between(asTruth(expr.text), facts.startedAt, facts.finishedAt);
      assert.ok(
        truth.some(({ points }) => points.some(([, value]) => value === 1)),
        alert,
      );
    }
  });
});
