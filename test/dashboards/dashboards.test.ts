/**
 * A real Prometheus with our config and rules scrapes real runs; every query of every panel, and every rule, then
 * answers what the run folders say.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it, type TestContext } from 'node:test';
import { METRICS } from '../../core/metrics/catalogue.ts';
import { SCHEMES } from '../../core/protocols/schemes.ts';
import { generatedDashboards } from '../../dashboards/generated.ts';
import { COMPARE, COMPARE_POINTS } from '../../dashboards/grafana/queries/compare.ts';
import * as doings from '../../dashboards/grafana/queries/doings.ts';
import { FLEET } from '../../dashboards/grafana/queries/fleet.ts';
import * as run from '../../dashboards/grafana/queries/run.ts';
import { METER, SERVER_QUERIES } from '../../dashboards/grafana/queries/server.ts';
import type { Query } from '../../dashboards/grafana/query.ts';
import { ALERTS } from '../../dashboards/prometheus/alerts.ts';
import { RECORDED, type RecordedKey } from '../../dashboards/recorded.ts';
import { commandOf, needs } from '../support/needs.ts';
import type { Series } from '../support/prometheus.ts';
import { lastOf } from './answers.ts';
import { askPrometheus, Findings } from './asking.ts';
import { COMPARE_CHECKS, COMPARE_POINTS_CHECKS } from './compare-checks.ts';
import { OF_DOINGS } from './doings-checks.ts';
import type { Check, ChecksOf, Facts } from './facts.ts';
import { OF_FLEET } from './fleet-checks.ts';
import { LATENCY_CHECKS, LIFECYCLE_CHECKS } from './flow-checks.ts';
import { GENERATOR_CHECKS, KERNEL_CHECKS, RUNTIME_CHECKS } from './machine-checks.ts';
import { MEMORY_CHECKS, POINTS_CHECKS } from './memory-checks.ts';
import { asTruth, RULE_CHECKS } from './rule-checks.ts';
import { play, type Scene } from './scene.ts';
import { METER_CHECKS, SERVER_CHECKS } from './server-checks.ts';
import { VERDICT_CHECKS } from './verdict-checks.ts';

const skip = process.platform === 'linux' ? needs('prometheus', 'promtool') : 'needs /proc';

describe('dashboards and rules over real runs', { skip }, () => {
  let scene: Scene;
  const cleanups: Array<() => unknown> = [];
  before(
    async () => {
      scene = await play({ after: (cleanup: () => unknown) => cleanups.unshift(cleanup) } as unknown as TestContext);
    },
    { timeout: 400_000 },
  );
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  const runs = (): readonly Facts[] => [scene.big, scene.small];
  const ask = (query: Query, about: readonly Facts[], atSeconds?: number): Promise<Series[]> =>
    askPrometheus(scene.prometheus, query, about, { $server: scene.server, $meter: scene.meter }, atSeconds);

  /** In the middle of a run, when it was scraped in time. */
  async function momentIn(facts: Facts): Promise<number> {
    const seen = await ask(run.LIFECYCLE.phases, [facts]);
    const moments = seen.flatMap(({ points }) => points.map(([at]) => at)).toSorted((a, b) => a - b);
    return moments[Math.floor(moments.length / 2)]!;
  }

  /** While all connections are open; a scrape that came too late leaves a moment empty. */
  async function atTop(query: Query): Promise<Series[]> {
    const { summary } = scene.small;
    const open = await ask(SERVER_QUERIES.open, [scene.small]);
    const top = open.flatMap(({ points }) => points.filter(([, count]) => count === summary.legs[0]!.peakOpen));
    assert.ok(top.length > 0);
    for (const [at] of top) {
      const answer = await ask(query, [scene.small], at);
      if (answer.length > 0) return answer;
    }
    return [];
  }

  const groupsOfRun = [
    group('verdict', run.VERDICT, VERDICT_CHECKS),
    ...SCHEMES.map((one) => group(`points of ${one}`, run.POINTS[one], POINTS_CHECKS[one])),
    group('memory', run.MEMORY, MEMORY_CHECKS),
    group('lifecycle', run.LIFECYCLE, LIFECYCLE_CHECKS),
    group('latency', run.LATENCY, LATENCY_CHECKS),
    group('kernel', run.KERNEL, KERNEL_CHECKS),
    group('runtime', run.RUNTIME, RUNTIME_CHECKS),
    group('generator', run.GENERATOR, GENERATOR_CHECKS),
  ];
  for (const { name, queries, checks } of groupsOfRun) {
    it(`run: ${name}`, async () => {
      const findings = new Findings();
      for (const facts of runs()) {
        for (const [key, query] of Object.entries(queries)) {
          // These two are of a moment.
          const at = key === 'phase' || key === 'timeLeft' ? await momentIn(facts) : undefined;
          const answer = await ask(query, [facts], at);
          findings.about(`${facts.run.name} ${name}.${key}`, () => checks[key]!(answer, facts));
        }
      }
      findings.assertNone();
    });
  }

  it('run: nothing befell connections of these, and no other machine held them', async () => {
    const findings = new Findings();
    for (const facts of runs()) {
      for (const [row, queries] of Object.entries({ ...doings, FLEET })) {
        for (const [key, query] of Object.entries<Query>(queries)) {
          const answer = await ask(query, [facts]);
          findings.about(`${facts.run.name} ${row}.${key}`, () => assert.deepEqual(answer, []));
        }
      }
    }
    findings.assertNone();
  });

  it('server', async () => {
    const findings = new Findings();
    for (const [key, query] of Object.entries(SERVER_QUERIES)) {
      const answer = await atTop(query);
      findings.about(key, () => SERVER_CHECKS[key as keyof typeof SERVER_QUERIES](answer, scene.small));
    }
    for (const [key, query] of Object.entries(METER)) {
      const answer = await atTop(query);
      findings.about(key, () => METER_CHECKS[key as keyof typeof METER](answer, scene.small));
    }
    findings.assertNone();
  });

  it('compare', async () => {
    const findings = new Findings();
    for (const [key, query] of Object.entries(COMPARE)) {
      const answer = await ask(query, runs());
      findings.about(key, () => COMPARE_CHECKS[key as keyof typeof COMPARE](answer, runs()));
    }
    for (const [scheme, queries] of Object.entries(COMPARE_POINTS)) {
      for (const [key, query] of Object.entries(queries)) {
        const answer = await ask(query, runs());
        findings.about(`${scheme} ${key}`, () => COMPARE_POINTS_CHECKS[scheme as 'ws'][key as 'open'](answer, runs()));
      }
    }
    findings.assertNone();
  });

  it('every query of every panel is among these', () => {
    const asked = [
      ...groupsOfRun.map(({ queries }) => queries),
      // What these answer where something befalls connections: see doings.test.ts.
      ...Object.values(doings),
      // The same: see fleet.test.ts.
      FLEET,
      SERVER_QUERIES,
      METER,
      COMPARE,
      ...Object.values(COMPARE_POINTS),
    ];
    const checked = new Set(asked.flatMap((group) => Object.values<Query>(group)).map(({ expr }) => expr.text));
    const shown = [...generatedDashboards()]
      .filter(([path]) => path.endsWith('.json'))
      .flatMap(([, text]) => (JSON.parse(text) as { panels: Array<{ targets?: Array<{ expr: string }> }> }).panels)
      .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.ok(shown.length > 100);
    assert.deepEqual(
      shown.filter((expr) => !checked.has(expr)),
      [],
    );
    assert.deepEqual(
      [...checked].filter((expr) => !shown.includes(expr)),
      [],
      'and every one of these is on a panel',
    );
  });

  it('every rule is evaluated, and its series are what they should be', async () => {
    const findings = new Findings();
    const { groups: loaded } = await scene.prometheus.api<{ groups: Array<{ rules: Array<Record<string, string>> }> }>(
      'rules',
    );
    const rules = loaded.flatMap((group) => group.rules);
    assert.equal(rules.length, Object.keys(RECORDED).length + ALERTS.rules.length);
    for (const rule of rules) assert.deepEqual([rule['health'], rule['lastError']], ['ok', undefined], rule['name']);
    const asked = new Set(
      [...groupsOfRun.flatMap(({ queries }) => Object.values(queries))].flatMap(({ expr }) => [...expr.series]),
    );
    for (const [key, { name }] of Object.entries(RECORDED)) {
      const check = RULE_CHECKS[key as RecordedKey];
      // The others were seen through the panels that ask for them.
      if (!check) assert.ok(asked.has(name) || key === 'roundTripTail' || key === 'generatorMemory', name);
      for (const facts of check ? runs() : []) {
        const answer = await scene.prometheus.between(
          `${name}{run="${facts.name}"}`,
          facts.startedAt,
          facts.finishedAt + 6,
        );
        findings.about(name, () => check!(answer, facts));
      }
    }
    findings.assertNone();
  });

  it('alerts look at something, and fire when they are due', async () => {
    const { prometheus, big, small } = scene;
    const [from, to] = [big.startedAt, small.finishedAt];
    const saturated = await prometheus.between(METRICS.generatorSaturated.name, from, to);
    const overflows = await prometheus.between(METRICS.hostListenOverflows.name, from, to);
    const due = new Map<string, boolean>([
      ['ConnrigMemoryForecastAboveLimit', true],
      ['ConnrigServerDescriptorsNearlyOut', true],
      ['ConnrigTargetDescriptorsNearlyOut', true],
      ['ConnrigClientDescriptorsNearlyOut', false],
      ['ConnrigTcpBuffersUnderPressure', false],
      ['ConnrigConnectionsLost', false],
      // Whether these are depends on what else this machine does.
      ['ConnrigListenOverflows', overflows.some((series) => lastOf(series) > series.points[0]![1])],
    ]);
    // A busy machine may have it for a moment, which an evaluation sees or not.
    if (saturated.every(({ points }) => points.every(([, value]) => value === 0))) {
      due.set('ConnrigGeneratorSaturated', false);
    }
    for (const { alert, expr } of ALERTS.rules) {
      const truth = await prometheus.between(asTruth(expr.text), from, to);
      // Nothing befalls the connections of the scene's runs, which are held here.
      assert.equal(truth.length > 0, !OF_DOINGS.has(alert) && !OF_FLEET.has(alert), `what ${alert} looks at`);
      const fired = await prometheus.between(`ALERTS{alertname="${alert}",alertstate="firing"}`, from, to);
      if (due.has(alert))
        assert.equal(
          fired.length > 0,
          due.get(alert),
          `${alert}: ${JSON.stringify(fired.map(({ labels }) => labels))}`,
        );
      if (due.get(alert))
        assert.ok(
          truth.some(({ points }) => points.some(([, value]) => value === 1)),
          alert,
        );
    }
  });

  it('promtool finds nothing to object to in what is scraped', () => {
    assert.deepEqual([...scene.pages.keys()], ['run', 'serve', 'meter']);
    for (const [who, input] of scene.pages) {
      const { status, stdout, stderr } = spawnSync(commandOf('promtool'), ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout, stderr], [0, '', ''], who);
    }
  });
});

interface Group {
  readonly name: string;
  readonly queries: Readonly<Record<string, Query>>;
  readonly checks: Readonly<Record<string, Check>>;
}

/** A check for each query, or it doesn't compile. */
function group<G extends Group['queries']>(name: string, queries: G, checks: ChecksOf<G>): Group {
  return { name, queries, checks };
}
