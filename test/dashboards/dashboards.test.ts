/**
 * A real Prometheus with our config and rules scrapes real runs; every query of every panel, and every rule, then
 * answers what the run folders say.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { METRICS } from '../../core/metrics.ts';
import { PROTOCOLS } from '../../core/protocols.ts';
import { Readings } from '../../core/readings.ts';
import { Summary } from '../../core/summary.ts';
import { generatedDashboards } from '../../dashboards/generated.ts';
import { COMPARE, COMPARE_POINTS } from '../../dashboards/grafana/queries/compare.ts';
import * as run from '../../dashboards/grafana/queries/run.ts';
import { METER, SERVER } from '../../dashboards/grafana/queries/server.ts';
import type { Query } from '../../dashboards/grafana/query.ts';
import { ALERTS } from '../../dashboards/prometheus/alerts.ts';
import { RECORDED, type RecordedKey } from '../../dashboards/recorded.ts';
import { assertWentThrough, newFolder, startConnrig } from '../support/connrig.ts';
import { commandOf, needs } from '../support/needs.ts';
import { freePort, type RunningPrometheus, type Series, startPrometheus } from '../support/prometheus.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { eventually } from '../support/wait.ts';
import { lastOf } from './answers.ts';
import { COMPARE_CHECKS, COMPARE_POINTS_CHECKS } from './compare-checks.ts';
import { type Check, type ChecksOf, duringRun, type Facts, factsOf, ticksOf } from './facts.ts';
import { asTruth, RULE_CHECKS } from './rule-checks.ts';
import * as runChecks from './run-checks.ts';
import { METER_CHECKS, SERVER_CHECKS, type ServerFacts } from './server-checks.ts';

const skip = process.platform === 'linux' ? needs('prometheus', 'promtool') : 'needs /proc';
/** So many of its descriptors that an alert is due. */
const SMALL = { connections: 1200, connectionLimit: 1204, descriptorLimit: 1300 } as const;
/** Rules are evaluated every 5 s; a run that is over was seen to be over before. */
const RULES_MS = 6000;

interface Scene {
  readonly prometheus: RunningPrometheus;
  readonly big: Facts;
  /** Against a server that is scraped too. */
  readonly small: ServerFacts;
  readonly server: string;
  readonly meter: string;
  /** Pages as they were scraped, by who served them. */
  readonly pages: ReadonlyMap<string, string>;
}

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
  /** What a panel would get: the whole range of these runs, with all variables filled in. */
  async function ask({ expr, kind }: Query, about: readonly Facts[], atSeconds?: number): Promise<Series[]> {
    const from = Math.min(...about.map(({ startedAt }) => startedAt)) - 2;
    const to = Math.max(...about.map(({ finishedAt }) => finishedAt)) + RULES_MS / 1000;
    const text = filled(expr.text, {
      $__rate_interval: '4s',
      $__interval: '1s',
      $__range: `${Math.ceil(to - from)}s`,
      $runs: about.map(({ name }) => name).join('|'),
      $run: about[0]!.name,
      $server: scene.server,
      $meter: scene.meter,
    });
    return kind === 'now' ? scene.prometheus.at(text, atSeconds ?? to) : scene.prometheus.between(text, from, to);
  }

  const groupsOfRun = [
    group('verdict', run.VERDICT, runChecks.VERDICT_CHECKS),
    ...PROTOCOLS.map((one) => group(`points of ${one}`, run.POINTS[one], runChecks.POINTS_CHECKS[one])),
    group('memory', run.MEMORY, runChecks.MEMORY_CHECKS),
    group('lifecycle', run.LIFECYCLE, runChecks.LIFECYCLE_CHECKS),
    group('latency', run.LATENCY, runChecks.LATENCY_CHECKS),
    group('kernel', run.KERNEL, runChecks.KERNEL_CHECKS),
    group('runtime', run.RUNTIME, runChecks.RUNTIME_CHECKS),
    group('generator', run.GENERATOR, runChecks.GENERATOR_CHECKS),
  ];
  for (const { name, queries, checks } of groupsOfRun) {
    it(`run: ${name}`, async () => {
      const findings = new Findings();
      for (const facts of runs()) {
        for (const [key, query] of Object.entries(queries)) {
          // These two are of a moment.
          const at = key === 'phase' || key === 'timeLeft' ? duringRun(facts) : undefined;
          const answer = await ask(query, [facts], at);
          findings.about(`${facts.run.name} ${name}.${key}`, () => checks[key]!(answer, facts));
        }
      }
      findings.assertNone();
    });
  }

  it('server', async () => {
    const findings = new Findings();
    const at = middleOfTop(scene.small);
    for (const [key, query] of Object.entries(SERVER)) {
      const answer = await ask(query, [scene.small], at);
      findings.about(key, () => SERVER_CHECKS[key as keyof typeof SERVER](answer, scene.small));
    }
    for (const [key, query] of Object.entries(METER)) {
      const answer = await ask(query, [scene.small], at);
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
    for (const [protocol, queries] of Object.entries(COMPARE_POINTS)) {
      for (const [key, query] of Object.entries(queries)) {
        const answer = await ask(query, runs());
        findings.about(`${protocol} ${key}`, () =>
          COMPARE_POINTS_CHECKS[protocol as 'ws'][key as 'open'](answer, runs()),
        );
      }
    }
    findings.assertNone();
  });

  it('every query of every panel is among these', () => {
    const asked = [
      ...groupsOfRun.map(({ queries }) => queries),
      SERVER,
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
      ['ConnrigGeneratorSaturated', [big, small].some(({ summary }) => summary.generator.saturated)],
    ]);
    for (const { alert, expr } of ALERTS.rules) {
      const truth = await prometheus.between(asTruth(expr.text), from, to);
      assert.ok(truth.length > 0, `${alert} looks at nothing`);
      const fired = await prometheus.between(`ALERTS{alertname="${alert}",alertstate="firing"}`, from, to);
      assert.equal(fired.length > 0, due.get(alert), `${alert}: ${JSON.stringify(fired.map(({ labels }) => labels))}`);
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

/** Everything that is wrong, each with the query that it is about. */
class Findings {
  readonly #found: string[] = [];

  about(what: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#found.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  }

  assertNone(): void {
    assert.ok(this.#found.length === 0, `\n${this.#found.join('\n')}`);
  }
}

function filled(text: string, variables: Readonly<Record<string, string>>): string {
  let all = text;
  for (const [name, value] of Object.entries(variables)) all = all.replaceAll(name, value);
  assert.ok(!all.includes('$'), all);
  return all;
}

/** A moment at which all connections had been open for a while. */
function middleOfTop(facts: Facts): number {
  const top = ticksOf(facts).filter(({ counts }) => counts.open === facts.summary.legs[0]!.peakOpen);
  return facts.startedAt + top[Math.floor(top.length / 2)]!.elapsedMs / 1000;
}

/** Two runs, one after the other, with a Prometheus that watches: one against our own server, one against one it scrapes. */
async function play(t: TestContext): Promise<Scene> {
  const serve = await startServe(
    ['--max-connections', String(SMALL.connectionLimit)],
    ['/bin/sh', '-c', `ulimit -n ${SMALL.descriptorLimit}; exec "$@"`, 'sh'],
  );
  t.after(() => serve.stop());
  const [server, meter, metrics] = [new URL(serve.ready.admin).host, `127.0.0.1:${await freePort()}`, await freePort()];
  const metering = startConnrig(t, ['meter', '--pid', String(serve.child.pid), '--listen', meter]);
  await eventually(() => metering.stderr().includes(meter), 'the meter');
  const prometheus = await startPrometheus(t, {
    'connrig-run': `127.0.0.1:${metrics}`,
    'connrig-serve': server,
    'connrig-meter': meter,
  });
  const watched = ['--metrics', `127.0.0.1:${metrics}`, '--linger', '60s', '--json', '--settle-timeout', '5s'];
  const big = await runOf(t, [
    ...['run', '--connections', '5k', '--levels', '6', '--behaviour', 'heartbeat:10s', '--name', 'big', ...watched],
  ]);
  const pages = new Map<string, string>();
  const url = (host: string): string => `http://${host}/metrics`;
  const small = await runOf(
    t,
    [
      ...['run', `ws://127.0.0.1:${serve.ports.ws}`, '--pid', String(serve.child.pid), '--name', 'small'],
      ...['--connections', String(SMALL.connections), '--levels', '5', '--behaviour', 'echo:200/s:64B'],
      ...['--memory-limit', '40MiB', ...watched],
    ],
    async () => {
      for (const [who, host] of [
        ['run', `127.0.0.1:${metrics}`],
        ['serve', server],
        ['meter', meter],
      ] as const) {
        pages.set(who, await eventually(() => pageOf(url(host)), `the page of ${who}`));
      }
    },
  );
  await delay(RULES_MS + 500);
  return { prometheus, big, small: { ...small, ...(await serverFacts(serve, meter, pages)) }, server, meter, pages };
}

async function pageOf(url: string): Promise<string | undefined> {
  const response = await fetch(url).catch(() => undefined);
  const text = await response?.text();
  // Of a run: one that is on its way.
  return text?.includes('connrig_info') ? text : undefined;
}

async function runOf(t: TestContext, args: readonly string[], meanwhile?: () => Promise<void>): Promise<Facts> {
  const folder = newFolder(t);
  const started = startConnrig(t, [...args, '--out', folder], { deadlineMs: 200_000 });
  await meanwhile?.();
  const ended = await started.ended;
  assertWentThrough(ended);
  return factsOf(folder, Summary.parse(JSON.parse(ended.stdout)));
}

async function serverFacts(
  serve: ServeProcess,
  meter: string,
  pages: ReadonlyMap<string, string>,
): Promise<Omit<ServerFacts, keyof Facts>> {
  const memory = await serve.memory();
  const readings = Readings.parse(await (await fetch(`http://${meter}/readings`)).json());
  return {
    version: /connrig_info\{role="serve",version="([^"]+)"\}/.exec(pages.get('serve')!)![1]!,
    connectionLimit: SMALL.connectionLimit,
    descriptorLimit: SMALL.descriptorLimit,
    payloadBytes: memory.census.ws.bytesIn,
    missing: readings.missing.map((one) => one.meter),
  };
}
