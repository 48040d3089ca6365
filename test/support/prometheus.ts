import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { killIfThere } from './connrig.ts';
import { commandOf } from './needs.ts';
import { eventually } from './wait.ts';

const DASHBOARDS = fileURLToPath(new URL('../../../dashboards', import.meta.url));

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the value there; one of them for an instant. */
  readonly points: ReadonlyArray<readonly [atSeconds: number, value: number]>;
}

/** A real Prometheus with our own config and rules. */
export interface RunningPrometheus {
  at(expr: string, atSeconds: number): Promise<Series[]>;
  /** A value for each step of both ends and what is between. */
  between(expr: string, fromSeconds: number, toSeconds: number, stepSeconds?: number): Promise<Series[]>;
  /** When it got an answer from a job, in seconds since the epoch. */
  scrapesOf(job: string): Promise<number[]>;
  /** Any other page of its API. */
  api<T>(path: string): Promise<T>;
}

/**
 * Starts Prometheus on loopback with a temporary folder, and ends it with the test.
 *
 * @param targets by the names of jobs in our prometheus.yml: host:port, of one or several
 */
export async function startPrometheus(
  t: TestContext,
  targets: Readonly<Record<string, string | readonly string[]>>,
): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-prometheus-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, configFor(targets));
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    commandOf('prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close');
  t.after(async () => {
    killIfThere(child.pid!, 'SIGTERM');
    await ended;
  });
  await eventually(async () => {
    assert.equal(child.exitCode, null, said);
    const response = await fetch(`http://${listen}/-/ready`).catch(() => undefined);
    return response?.ok;
  }, `Prometheus at ${listen}`);

  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://${listen}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    assert.equal(answer.status, 'success', `${decodeURIComponent(path)}: ${answer.error}`);
    return answer.data;
  };
  return {
    api,
    async at(expr, atSeconds) {
      const query = new URLSearchParams({ query: expr, time: String(atSeconds) });
      const { result } = await api<Answer<'value'>>(`query?${query}`);
      return result.map(({ metric, value }) => ({ labels: metric, points: [numbers(value)] }));
    },
    async scrapesOf(job) {
      const query = new URLSearchParams({ query: `up{job="${job}"}[1h]` });
      const { result } = await api<Answer<'values'>>(`query?${query}`);
      return result.flatMap(({ values }) => values.map(numbers)).flatMap(([at, isUp]) => (isUp === 1 ? [at] : []));
    },
    async between(expr, start, end, step = 1) {
      const query = new URLSearchParams({ query: expr, start: String(start), end: String(end), step: String(step) });
      const { result } = await api<Answer<'values'>>(`query_range?${query}`);
      return result.map(({ metric, values }) => ({ labels: metric, points: values.map(numbers) }));
    },
  };
}

/** A port on loopback that nobody listens on. */
export const freePort = (): Promise<number> => freePorts('127.0.0.1', 1, ephemeralRange());

type Value = [atSeconds: number, value: string];
type Answer<K extends 'value' | 'values'> = {
  result: Array<{ metric: Record<string, string> } & (K extends 'value' ? { value: Value } : { values: Value[] })>;
};
/** Prometheus writes `+Inf`, JavaScript `Infinity`. */
const numbers = ([at, value]: Value): [number, number] => [at, Number(value.replace('Inf', 'Infinity'))];

/** Our own config: the same intervals and rules, other addresses. */
function configFor(targets: Readonly<Record<string, string | readonly string[]>>): string {
  const config = parse(readFileSync(join(DASHBOARDS, 'prometheus/prometheus.yml'), 'utf8')) as {
    rule_files: string[];
    scrape_configs: Array<{ job_name: string; static_configs: Array<{ targets: string[] }> }>;
  };
  assert.deepEqual(config.scrape_configs.map(({ job_name }) => job_name).toSorted(), Object.keys(targets).toSorted());
  return stringify({
    ...config,
    rule_files: config.rule_files.map((path) => join(DASHBOARDS, 'prometheus', path)),
    scrape_configs: config.scrape_configs.map((job) => ({
      ...job,
      static_configs: [{ targets: [targets[job.job_name]!].flat() }],
    })),
  });
}
