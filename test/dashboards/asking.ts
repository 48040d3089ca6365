import assert from 'node:assert/strict';
import type { Query } from '../../dashboards/grafana/query.ts';
import type { RunningPrometheus, Series } from '../support/prometheus.ts';
import type { Facts } from './facts.ts';
import { RULES_MS } from './scene.ts';

/**
 * What a panel would get: the whole range of these runs, with all variables filled in.
 *
 * @param variables others than those that say which runs and which steps
 */
export async function askPrometheus(
  prometheus: RunningPrometheus,
  { expr, kind }: Query,
  about: readonly Facts[],
  variables: Readonly<Record<string, string>> = {},
  atSeconds?: number,
): Promise<Series[]> {
  const from = Math.min(...about.map(({ startedAt }) => startedAt)) - 2;
  const to = Math.max(...about.map(({ finishedAt }) => finishedAt)) + RULES_MS / 1000;
  const text = filled(expr.text, {
    $__rate_interval: '4s',
    $__interval: '1s',
    $__range: `${Math.ceil(to - from)}s`,
    $runs: about.map(({ name }) => name).join('|'),
    $run: about[0]!.name,
    ...variables,
  });
  const known = Math.max(...about.map(({ knownAt }) => knownAt)) + RULES_MS / 1000;
  return kind === 'now' ? prometheus.at(text, atSeconds ?? known) : prometheus.between(text, from, to);
}

/** Everything that is wrong, each with the query that it is about. */
export class Findings {
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
